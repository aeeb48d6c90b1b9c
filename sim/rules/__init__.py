"""The science: small scalar functions, each handed its random draw, each naming its source.

Nothing here knows arrays, agents, files or generators. Every function works on floats and whole numbers, compiled or
not, with the same bits; powers and sums over arrays are avoided because they do not have that property.
"""
