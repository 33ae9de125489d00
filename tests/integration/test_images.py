"""Images built, pushed and retagged with a real engine and a real registry."""

import gzip
import io
import secrets
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import docker
import httpx
import pytest

from sealane.clients import image_build as builder
from sealane.clients import registry as registries
from sealane.clients import registry_copy, registry_repository
from sealane.environments import image_rights
from sealane.environments.image_rights import Rights
from sealane.errors import UsageError
from sealane.findings import Place
from sealane.images import labels, references
from sealane.pipelines.model import ImageBuild
from sealane.runners import image_builds, image_retags
from sealane.runners.build_workspace import BuildWorkspace

PLACE = Place(file=".sealane.yml")


@pytest.fixture
def repository(registry: str) -> str:
    return f"{registry}/t{secrets.token_hex(4)}"


@pytest.fixture
def folder(tmp_path: Path, busybox_image: str) -> Path:
    (tmp_path / "hello.txt").write_text(f"{secrets.token_hex()}\n")  # layers of other builds don't fit
    (tmp_path / "left-out.txt").write_text("never in a context")
    (tmp_path / ".dockerignore").write_text("# comment\nleft-out.txt\n")
    (tmp_path / "Dockerfile").write_text(
        f"FROM {busybox_image} AS base\n"
        "ARG GREETING=none\n"
        "COPY . /app\n"
        'RUN --mount=type=secret,id=pip_token [ -z "$(cat /run/secrets/pip_token 2>/dev/null)" ] || wc -c < /run/secrets/pip_token > /app/length\n'
        'RUN echo "$GREETING" > /app/greeting\n'
        "FROM base AS debug\n"
        "RUN touch /app/debug\n"
        "FROM base AS runtime\n"
    )
    return tmp_path


@pytest.fixture
def shop(engine_socket: str, folder: Path, repository: str) -> BuildWorkspace:
    return BuildWorkspace(
        engine=f"unix://{engine_socket}",
        root=folder,
        repository=repository,
        tag="20261121031512-8c21f0e",
        labels=labels.oci_labels(
            source="https://git.example.com/shop",
            revision="8c21f0e",
            version="t",
            created=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        secrets={"pip_token": "s3cr3t-" + "x" * 20},
    )


def files_of(engine_socket: str, name: str) -> tuple[dict[str, bytes], bytes]:
    """The files of all layers of an image, and everything about it that isn't a layer."""
    client = docker.DockerClient(base_url=f"unix://{engine_socket}")
    saved = b"".join(client.images.get(name).save())
    client.close()
    files: dict[str, bytes] = {}
    rest = b""
    with tarfile.open(fileobj=io.BytesIO(saved)) as outer:
        for member in outer:
            part = outer.extractfile(member)
            if part is None:
                continue
            body = part.read()
            body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            try:
                with tarfile.open(fileobj=io.BytesIO(body)) as layer:
                    files |= {f.name: opened.read() for f in layer if (opened := layer.extractfile(f))}
            except tarfile.TarError:
                rest += body
    return files, rest


async def test_an_image_is_built_pushed_and_known_by_the_registrys_digest(shop, engine_socket) -> None:
    """Arguments, target, labels and .dockerignore count; what comes back is what the registry has."""
    said: list[bytes] = []
    web = ImageBuild(name="web", target="runtime", args={"GREETING": "salut"}, secrets=("pip_token",), place=PLACE)

    image = await image_builds.build(web, shop, said.append)

    assert image.digest == await registries.digest(references.parse(f"{image.repository}:{image.tag}"))
    files, rest = files_of(engine_socket, f"{image.repository}:{image.tag}")
    assert files["app/greeting"] == b"salut\n"
    assert files["app/length"].strip() == b"27"
    assert "app/debug" not in files
    assert "app/left-out.txt" not in files
    assert b'"org.opencontainers.image.revision":"8c21f0e"' in rest
    assert b"STEP" in b"".join(said)


async def test_a_builds_secret_is_in_no_layer_label_or_history(shop, engine_socket) -> None:
    """Every byte of the saved image is searched, the names of the mounted files too."""
    image = await image_builds.build(ImageBuild(name="web", secrets=("pip_token",), place=PLACE), shop, lambda _: None)
    files, rest = files_of(engine_socket, f"{image.repository}:{image.tag}")

    assert b"27" in files["app/length"], "the secret was mounted"
    everything = rest + b"".join(files.values()) + "".join(files).encode()
    assert b"s3cr3t-" not in everything
    assert not [name for name in files if "sealane-build" in name]


async def test_what_the_registry_has_is_not_built_again(shop, folder) -> None:
    """A run taken up after a crash finds its image under the deploy tag."""
    web = ImageBuild(name="web", place=PLACE)
    first = await image_builds.build(web, shop, lambda _: None)
    (folder / "Dockerfile").write_text("FROM nothing-like-this\n")

    assert await image_builds.build(web, shop, lambda _: None) == first


async def test_a_dockerfile_may_stand_outside_its_context(shop, folder, busybox_image, engine_socket) -> None:
    """Both are relative to the repository's root, as in `build: {context: web, dockerfile: docker/web}`."""
    (folder / "web").mkdir()
    (folder / "web" / "page.html").write_text("page")
    (folder / "docker").mkdir()
    (folder / "docker" / "web").write_text(f"FROM {busybox_image}\nCOPY . /page\n")

    image = await image_builds.build(
        ImageBuild(name="web", context="web", dockerfile="docker/web", place=PLACE), shop, print
    )

    files, _ = files_of(engine_socket, f"{image.repository}:{image.tag}")
    assert files["page/page.html"] == b"page"


async def test_a_failing_dockerfile_is_the_users_failure_with_its_log(shop, folder, busybox_image) -> None:
    (folder / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN echo on the way; exit 7\n")
    said: list[bytes] = []

    with pytest.raises(builder.BuildFailed, match="7") as failed:
        await image_builds.build(ImageBuild(name="web", place=PLACE), shop, said.append)

    assert failed.value.exit_code == 1
    assert b"on the way" in b"".join(said)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (ImageBuild(name="web", context="../..", place=PLACE), "leads out of the repository"),
        (ImageBuild(name="web", context="link", place=PLACE), "leads out of the repository"),
        (ImageBuild(name="web", dockerfile="Dokerfile", place=PLACE), "there is no Dokerfile to build by"),
        (ImageBuild(name="web", secrets=("npm",), place=PLACE), "not there: npm"),
    ],
)
async def test_a_bad_context_is_said_before_the_engine_is_asked(shop, folder, image, message) -> None:
    (folder / "link").symlink_to("/etc")

    with pytest.raises(UsageError, match=message):
        await image_builds.build(image, shop, lambda _: None)


async def test_no_engine_is_an_error_that_names_the_socket(shop, tmp_path) -> None:
    import dataclasses

    nowhere = dataclasses.replace(shop, engine=f"unix://{tmp_path}/none.sock")
    with pytest.raises(builder.EngineCouldNot, match=r"none\.sock"):
        await image_builds.build(ImageBuild(name="web", place=PLACE), nowhere, lambda _: None)


async def test_retagging_copies_the_manifest_and_keeps_the_digest(repository, busybox_image) -> None:
    """Another repository of the same registry gets the same digest; again changes nothing."""
    first = await image_retags.retag(name="cache", source=busybox_image, repository=f"{repository}/cache", tag="t1")
    again = await image_retags.retag(name="cache", source=busybox_image, repository=f"{repository}/cache", tag="t1")

    assert first == again
    assert first.digest == await registries.digest(references.parse(busybox_image))
    assert await registries.digest(references.parse(f"{repository}/cache:t1")) == first.digest


async def test_an_index_of_several_platforms_is_retagged_whole(repository, registry, busybox_image) -> None:
    """All manifests an index names come along."""
    source = references.parse(busybox_image)
    path = f"http://{registry}/v2/{source.path}"
    accept = {
        "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    }
    manifest = httpx.get(f"{path}/manifests/{source.pointer}", headers=accept, timeout=60, verify=False)
    entry = {
        "mediaType": manifest.headers["content-type"],
        "digest": manifest.headers["docker-content-digest"],
        "size": len(manifest.content),
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
        "manifests": [entry],
    }
    tag = f"index-{secrets.token_hex(4)}"
    put = httpx.put(
        f"{path}/manifests/{tag}", json=index, headers={"Content-Type": index["mediaType"]}, timeout=60, verify=False
    )
    assert put.status_code == 201

    image = await image_retags.retag(
        name="x", source=f"{source.repository}:{tag}", repository=f"{repository}/x", tag="t"
    )

    assert image.digest == put.headers["docker-content-digest"]
    assert await registries.digest(references.parse(f"{repository}/x@{entry['digest']}")) == entry["digest"]


async def test_a_missing_image_and_a_missing_registry_are_told_apart(repository) -> None:
    with pytest.raises(registry_repository.ImageMissing, match="not in its registry"):
        await image_retags.retag(name="x", source=f"{repository}/none:1", repository=f"{repository}/x", tag="t")
    with pytest.raises(registry_repository.RegistryUnavailable, match=r"127\.0\.0\.1:9 did not answer"):
        await image_retags.retag(name="x", source="127.0.0.1:9/none:1", repository=f"{repository}/x", tag="t")


async def test_of_an_image_the_engine_keeps_the_newest_and_what_is_asked_for(shop, engine_socket, repository) -> None:
    """What earlier runs built does not pile up; the registry still has it, and other images are left alone."""
    web, other = (ImageBuild(name=name, place=PLACE) for name in ("web", "web-debug"))
    tags = ["20261121031512-8c21f0e", "20261121031513-9d32a1f", "20261121031514-0e43b2a"]
    for tag in tags:
        await image_builds.build(web, replace(shop, tag=tag), lambda _: None)
    await image_builds.build(other, shop, lambda _: None)
    client = docker.APIClient(base_url=f"unix://{engine_socket}")
    client.tag(f"{repository}/web:{tags[0]}", f"{repository}/web", "a-tag-of-mine")

    await image_builds.tidy(shop.engine, f"{repository}/web", keep={tags[1]})
    await image_builds.tidy(shop.engine, f"{repository}/web", keep={tags[1]})

    names = {name for image in client.images() for name in image["RepoTags"] or () if name.startswith(repository)}
    client.close()
    kept = {f"web:{tags[1]}", f"web:{tags[2]}", "web:a-tag-of-mine", f"web-debug:{tags[0]}"}
    assert names == {f"{repository}/{name}" for name in kept}
    assert await registries.digest(references.parse(f"{repository}/web:{tags[0]}"))


async def test_an_image_that_was_retagged_stays_the_same_though_its_source_moves(
    repository, busybox_image, python_image
) -> None:
    """A run that is taken up again keeps what it had put under its deploy tag."""
    source = f"{repository}/source:1"
    await registry_copy.copy(references.parse(busybox_image), references.parse(source))
    first = await image_retags.retag(name="cache", source=source, repository=f"{repository}/cache", tag="t1")
    await registry_copy.copy(references.parse(python_image), references.parse(source))

    again = await image_retags.retag(name="cache", source=source, repository=f"{repository}/cache", tag="t1")
    fresh = await image_retags.retag(name="cache", source=source, repository=f"{repository}/cache", tag="t2")

    assert again == first
    assert fresh.digest != first.digest


TAKES = """FROM BASE
RUN --mount=type=secret,id=pip_token cat /run/secrets/pip_token > /taken 2>/dev/null || echo nothing > /taken
RUN --mount=type=cache,id=MINE,target=/cache cat /cache/kept > /seen 2>/dev/null; echo APP > /cache/kept
"""


async def test_an_app_s_layers_and_cache_folders_are_its_own(shop, folder, busybox_image, engine_socket) -> None:
    """Another app that writes the very same Dockerfile, without the secret, is given neither; the app itself is.

    Without a key, as on a person's own machine, the engine shares both: that is what the key is for.
    """
    own = secrets.token_hex(6)
    text = TAKES.replace("BASE", busybox_image).replace("MINE", own)
    (folder / "Dockerfile").write_text(text.replace("APP", own))
    kiln = replace(shop, secrets={}, repository=f"{shop.repository}-kiln")
    made = {}
    for keys, name in ((("", ""), "shared"), ((own, f"{own}-2"), "apart")):
        (folder / "Dockerfile").write_text(text.replace("APP", f"{own} {name}"))
        for key, workshop, secret in ((keys[0], shop, ("pip_token",)), (keys[1], kiln, ())):
            said: list[bytes] = []
            image = ImageBuild(name=name, secrets=secret, place=PLACE)
            await image_builds.build_only(image, replace(workshop, key=key), said.append)
            files, _ = files_of(engine_socket, f"{workshop.repository}/{name}:{workshop.tag}")
            made[name, workshop is kiln] = files, b"".join(said)
    assert made["shared", True][0]["taken"].startswith(b"s3cr3t-")
    assert made["apart", False][0]["taken"].startswith(b"s3cr3t-")
    assert made["apart", True][0]["taken"] == b"nothing\n"
    assert made["apart", True][0]["seen"] == b""

    again: list[bytes] = []
    await image_builds.build_only(
        ImageBuild(name="apart", secrets=("pip_token",), place=PLACE), replace(shop, key=own), again.append
    )
    assert b"".join(again).count(b"Using cache") >= 3, b"".join(again).decode()


async def test_a_build_from_another_app_s_image_is_refused_before_it_begins(shop, folder) -> None:
    """Though the engine has that image; the line says which."""
    await image_builds.build_only(ImageBuild(name="web", place=PLACE), shop, lambda _: None)
    (folder / "Dockerfile").write_text(f"FROM scratch\nCOPY --from={shop.repository}/web:{shop.tag} / /\n")
    mine = Rights(app="kiln", prefix=shop.repository, others=frozenset({"web"}))
    limits = replace(shop.fetching, problem=lambda image: image_rights.refused(image, mine))
    kiln = replace(shop, key="k", fetching=limits)
    said: list[bytes] = []

    with pytest.raises(UsageError, match=r"^Dockerfile:2: the image .* belongs to the app web, not to kiln"):
        await image_builds.build_only(ImageBuild(name="other", place=PLACE), kiln, said.append)

    assert said == []
