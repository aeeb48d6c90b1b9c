"""The compiled engine: one loop for each routine of the day over the rows that are due, and one over days.

Here are loops and bookkeeping only; what they compute is in ``sim.rules``, ``sim.opening`` and ``sim.desk``, and what
each step means is told where the agents take it (``sim.agents``), in methods of like names. Most are given some of:

``inputs``    what the run is given and never changes (``sim.terms.RunInputs``)
``p``        the numbers that hold today, by name
``permits``  those of each permit
``rows``     the state (``sim.state.Rows``)
``day``      the working day
"""
