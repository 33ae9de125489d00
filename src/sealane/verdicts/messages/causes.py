"""Causes in words: one sentence with object and container, as a person would say it. Pure."""

from __future__ import annotations

from sealane.verdicts import model

K = model.FactKind


def sentence(fact: model.Fact, *, terminations: int, others: int = 0, unit: str = "instance") -> str:
    """The fact as a sentence; `terminations` is how often its container ended in this deployment.

    `unit` is what the destination calls an instance.
    """
    if fact.kind in _ENDINGS:
        text = f"{_container(fact, unit)} {_ENDINGS[fact.kind]}".format(**_words(fact, terminations, unit))
    elif fact.kind in _STARTS:
        text = f"{_container(fact, unit)} cannot start: {_STARTS[fact.kind]}".format(**_words(fact, terminations, unit))
    elif fact.kind in _WAITS:
        text = _WAITS[fact.kind].format(**_words(fact, terminations, unit))
    else:
        text = _probe(fact, unit) if fact.kind is K.PROBE_FAILING else _missing(fact, unit)
    more = f" ({others} more {f'{unit} has' if others == 1 else f'{unit}s have'} the same trouble)" if others else ""
    return capital(closed(f"{bare(text)}{more}"))


def bare(text: str) -> str:
    """The text in one line without its final stop, to stand within a sentence; empty where it has no word."""
    bared = " ".join(text.split()).rstrip(" .,;:")
    return bared if any(character.isalnum() for character in bared) else ""


def closed(text: str) -> str:
    """The text as a sentence with exactly one final stop; empty text stays empty."""
    bared = bare(text)
    return bared if not bared or bared.endswith(("…", "!", "?")) else f"{bared}."


def sentences(*parts: str) -> str:
    """The sentences joined, without empty ones."""
    return " ".join(capital(sentence) for part in parts if (sentence := closed(part)))


_ENDINGS = {
    K.OUT_OF_MEMORY: "ran out of memory{times} ({limit})",
    K.ENDED: "{ended}",
    K.KILLED_BY_PROBE: "was killed{times} by its {probe} probe: {asks} {answer}",
    K.INIT_ENDED: "{ended}",
    K.INIT_RUNNING: "has not ended yet, and nothing else starts before it does",
    K.NOT_READY: "is not ready: {unanswered}",
    K.STARTING: "is starting{pulling}",
}
_STARTS = {
    K.IMAGE_MISSING: "the registry does not have image {image} ({said})",
    K.IMAGE_DENIED: "the registry denies image {image} ({said})",
    K.IMAGE_INVALID: "image {image} cannot be used ({said})",
    K.REGISTRY_UNREACHABLE: "the registry of image {image} does not give it out ({said})",
    K.BAD_COMMAND: "{said}",
    K.CANNOT_START: "{said}",
    K.CREATE_ERROR: "{said}",
}
_WAITS = {
    K.REFUSED: "{object} is refused by the cluster: {said}",
    K.QUOTA: "{object} gets no more {unit}s: {said}",
    K.NOT_ANSWERING: "{object} could not make its {unit}s, which is tried again: {said}",
    K.JOB_FAILED: "{object} failed: {failed}",
    K.JOB_TIMED_OUT: "{object} failed: {failed}",
    K.PAUSED: "{object} {said}",
    K.REPLACED_BY_HAND: "{object} {said}",
    K.REMOVED: "{object} {said}",
    K.VOLUME_PENDING: "{object} waits for a volume: {said}",
    K.UNSCHEDULABLE: "{object} is unschedulable: {said}",
    K.EVICTED: "{object} was evicted by its node: {said}",
    K.SUPERSEDED: "{object} was superseded: {said}",
    K.UNDER_WAY: "{object} is still being updated: {said}",
    K.UNPROVEN: "{object} is not proven to be of the new version: {said}",
    K.RESOURCE_FAILED: "{object} has failed: {said}",
    K.RESOURCE_PENDING: "{object} is not ready: {said}",
    K.OLD_POD_STUCK: "{object} cannot make its new {unit}s: {said}",
    K.NODE_NOT_RESPONDING: "{object} is on node {node}, which {said}",
    K.ADDRESS_PENDING: "{object} has no address: {said}",
    K.TARGET_MISSING: "{object} {said}",
}


def _words(fact: model.Fact, terminations: int, unit: str) -> dict[str, str]:
    detail = fact.detail
    limit = detail.get("limit", "")
    asks, words = detail.get("asks", ""), bare(fact.words)
    return {
        "object": name(fact.object, unit),
        "unit": unit,
        "said": words or "no reason is given",
        "image": detail.get("image", "unknown"),
        "node": detail.get("node", "unknown"),
        "limit": f"limit {limit}" if limit else "without a limit of its own",
        "times": _times(terminations),
        "ended": _ended(fact, _times(terminations)),
        "probe": detail.get("probe") or "health",
        "asks": asks or "the probe",
        "answer": words or "failed",
        "unanswered": words or (f"{asks} has not been answered yet" if asks else "the cluster does not say why"),
        "pulling": f": it {words}" if words else "",
        "failed": _failed(fact),
    }


def name(reference: str, unit: str = "instance") -> str:
    """An object as it stands in a sentence: `Deployment web`, and `pod web-x2k` where an instance is called a pod."""
    kind, _, rest = reference.partition("/")
    return f"{unit if kind.lower() == unit else kind} {rest}" if rest else reference


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def _container(fact: model.Fact, unit: str) -> str:
    if fact.container is None:
        return capital(name(fact.object, unit))
    role = "Init container" if fact.role is model.Role.INIT else "Container"
    return f"{role} {fact.container} of {name(fact.object, unit)}"


def _times(terminations: int) -> str:
    return {0: "", 1: "", 2: " twice"}.get(terminations, f" {terminations} times")


def _ended(fact: model.Fact, times: str) -> str:
    code = fact.detail.get("exit_code", "?")
    if fact.detail.get("limit"):
        return f"ran out of memory{times} (limit {fact.detail['limit']})"
    if code == "0":
        return f"ended{times} by itself with exit code 0, where it should keep running"
    return f"ended{times} with exit code {code}"


def _failed(fact: model.Fact) -> str:
    reason = bare(fact.words) or "its retries are used up"
    if not fact.container:
        return reason
    role = "init container" if fact.role is model.Role.INIT else "container"
    return f"{reason}; its {role} {fact.container} {_ended(fact, '')}"


def _probe(fact: model.Fact, unit: str) -> str:
    state = "is no longer ready" if fact.detail.get("lost") else "has not become ready"
    if fact.detail.get("probe") == "startup":
        state = "has not started up"
    return f"{_container(fact, unit)} {state}: {fact.detail.get('asks') or 'its probe'} {bare(fact.words) or 'failed'}"


def _missing(fact: model.Fact, unit: str) -> str:
    kind, _, rest = fact.detail.get("reference", "").partition("/")
    key = fact.detail.get("key")
    name_ = f"{kind} {rest}" if rest else kind or "object that it refers to"
    missing = f"{name_} has no key {key}" if key else f"there is no {name_}"
    makes = fact.container is None and fact.object.partition("/")[0].lower() != unit
    return f"{_container(fact, unit)} {f'cannot make its {unit}s' if makes else 'cannot start'}: {missing}"
