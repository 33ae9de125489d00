"""A dialect of a few words a line: `app NAME`, `step NAME IMAGE`, `image NAME`, `to FORMATION`."""

from __future__ import annotations

from sealane.findings import Finding, Place
from sealane.pipelines.dialect import Dialect, Texts
from sealane.pipelines.model import Delivery, ImageBuild, Pipeline, Step


def _read(texts: Texts) -> tuple[Pipeline | None, list[Finding]]:
    [(file, text)] = texts.items()
    steps, images, deliveries, app = [], [], [], ""
    for number, line in enumerate(text.splitlines(), 1):
        place = Place(file=file, line=number, column=1)
        match line.split():
            case ["app", name]:
                app = name
            case ["step", name, image]:
                steps.append(Step(name=name, image=image, commands=(name,), place=place))
            case ["image", name]:
                images.append(ImageBuild(name=name, place=place))
            case ["to", formation]:
                deliveries.append(Delivery(formation=formation, place=place))
            case _:
                return None, [Finding(message=f"nobody knows what {line} is", place=place)]
    return (
        Pipeline(app=app, steps=tuple(steps), images=tuple(images), deliver=tuple(deliveries), place=Place(file=file)),
        [],
    )


ADAPTER = Dialect(files=(".madeup",), read=_read)
