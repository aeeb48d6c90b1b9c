"""The decorators that compile rules and loops with numba.

KELILING_COMPILED=0 leaves all of them plain Python: far slower, the same bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., object])

CACHE_LINE = 64  # bytes that memory hands over at once
COMPILED = os.environ.get("KELILING_COMPILED", "1") != "0"

if COMPILED:
    import numba
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    from keliling.sim import cache

    CACHE = cache.prepared()
    numba.config.CACHE_DIR = str(CACHE)  # and not by the environment, which numba reads but once
    STRICT = {"fastmath": False, "error_model": "python"}  # IEEE arithmetic, nothing fused: the same bits everywhere

    def compiled(function: F) -> F:
        """Compile a rule, which Python calls too; kept on disk between runs."""
        return numba.njit(cache=True, no_cfunc_wrapper=True, **STRICT)(function)

    def inner(function: F) -> F:
        """Compile a part of a loop that makes no arrays and returns none, so that none has to be counted.

        Only compiled code calls it; it is kept on disk with the loop that it is part of.
        """
        return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, **STRICT)(function)

    def inlined(function: F) -> F:
        """Compile an inner part into its caller: for what is called so often that handing the state over counts."""
        return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True, **STRICT)(
            function
        )

    def inner_with_arrays(function: F) -> F:
        """Compile a part of a loop that makes arrays."""
        return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=True, **STRICT)(function)

    def loop(function: F) -> Any:
        """Compile a long loop that Python calls, while which other threads go on; kept on disk between runs."""
        return numba.njit(cache=True, nogil=True, no_cfunc_wrapper=True, **STRICT)(function)

    def native(function: F, signature: object) -> F:
        """Compile a function for one signature, such as a user's own; not kept on disk."""
        return numba.njit(signature, **STRICT)(function)

    @intrinsic
    def prefetch(typing_context, table, row):
        """Ask for the row of a table that is soon to be looked at, so that nobody waits for memory then."""

        def code(context, builder, signature, arguments):
            byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
            ask = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole]), "llvm.prefetch.p0i8"
            )
            array = context.make_array(table)(context, builder, arguments[0])
            item = cgutils.get_item_pointer(context, builder, table, array, [arguments[1]])
            start, size = builder.bitcast(item, byte), context.get_abi_sizeof(item.type.pointee)
            for offset in range(0, size, CACHE_LINE):
                builder.call(ask, [builder.gep(start, [whole(offset)]), whole(0), whole(3), whole(1)])
            return context.get_dummy_value()

        return types.none(table, types.intp), code

    def compiling() -> AbstractContextManager[None]:
        """Compile within this what takes long: a second process waits for the first and then finds its work done."""
        return cache.compiling(CACHE)

else:

    def compiled(function: F) -> F:
        """Leave the rule as plain Python (KELILING_COMPILED=0)."""
        return function

    def prefetch(table: object, row: int) -> None:
        """Nothing to ask for: plain Python does not wait for memory."""

    inner = inlined = inner_with_arrays = compiled

    def native(function: F, signature: object) -> F:
        """Leave the function as plain Python."""
        return function

    def loop(function: F) -> Any:
        """Leave the loop as plain Python."""
        return function

    def compiling() -> AbstractContextManager[None]:
        """Nothing is compiled."""
        return nullcontext()


def picked(names: Sequence[str]) -> Any:
    """A part of a loop that takes these numbers of a record as a tuple, in this order."""
    made: dict[str, Any] = {}
    exec(f"def pick(p):\n    return ({', '.join(f'p.{name}' for name in names)},)", made)
    return inner(made["pick"])


def with_fields(records: NDArray[np.void]) -> NDArray[np.void]:
    """Records whose fields a loop can name, as in ``row.name``; uncompiled, that takes another class of array."""
    return records if COMPILED else records.view(np.recarray)
