"""ASP.NET route templates as the host reads them, said in Starlette's words."""

import re
from collections.abc import Iterator

from local.host.errors import StartError

_SEGMENT = re.compile(r"\{(?P<all>\*{0,2})(?P<name>\w+)(?::(?P<kind>\w+))?(?P<optional>\?)?\}")
_KINDS = {None: "str", "int": "int", "long": "int", "guid": "uuid"}


def starlette_paths(template: str, prefix: str, used_by: str) -> tuple[str, ...]:
    """The paths that a route answers: one more for every optional parameter at its end.

    "runs/{id?}" under "api" is "/api/runs/{id:str}" and "/api/runs". Raises StartError for what
    is not understood: constraints other than int, long and guid, text beside a parameter.
    """
    done = [part for part in prefix.strip("/").split("/") if part]
    paths: list[str] = []
    for segment in template.strip("/").split("/"):
        if "{" not in segment:
            done.append(segment)
            continue
        match = _SEGMENT.fullmatch(segment)
        if match is None or match["kind"] not in _KINDS:
            raise StartError(f"{used_by}: the stand-in can't read {segment} in its route")
        if match["optional"]:
            paths.append(_path(done))
        done.append(f"{{{match['name']}:{'path' if match['all'] else _KINDS[match['kind']]}}}")
    return (_path(done), *reversed(paths))


def _path(segments: list[str]) -> str:
    return "/" + "/".join(_named(segments))


def _named(segments: list[str]) -> Iterator[str]:
    return (segment for segment in segments if segment)
