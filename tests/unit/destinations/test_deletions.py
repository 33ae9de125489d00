"""What may be deleted, and what needs a person's yes."""

from __future__ import annotations

from sealane.destinations import deletions, model
from sealane.destinations.kubernetes.deletion_rules import KINDS

WHO = model.Identity(app="shop", formation="dev", namespace="shop", revision="r")
KEPT = model.ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="kept")


def ref(name: str, kind: str = "ConfigMap", group: str = "", version: str = "v1") -> model.ObjectRef:
    return model.ObjectRef(group=group, version=version, kind=kind, namespace="shop", name=name, uid="u")


def plan(
    *stored: model.ObjectRef,
    others: dict[str, dict[str, str]] | None = None,
    gone: set[str] | None = None,
    **budget: int,
) -> deletions.DeletionPlan:
    live = {
        object_ref.key: there((others or {}).get(object_ref.name, WHO.labels))
        for object_ref in stored
        if object_ref.name not in (gone or ())
    }
    return deletions.plan(
        (*stored, KEPT), (KEPT,), live=live, identity=WHO, budget=deletions.Budget(**budget), kinds=KINDS
    )  # type: ignore[arg-type]


def there(labels: dict[str, str], uid: str = "u", **marks: str) -> deletions.LiveObject:
    return deletions.LiveObject(uid=uid, labels=labels, annotations={model.REVISION: "r", **marks})


def reasons(deletion_plan: deletions.DeletionPlan) -> dict[str, str]:
    return {held.ref.name: held.reason for held in deletion_plan.held}


def test_up_to_the_budget_is_deleted() -> None:
    assert len(plan(ref("a"), ref("b"), ref("c")).delete) == 3


def test_beyond_the_budget_nothing_is() -> None:
    deletion_plan = plan(*map(ref, "abcd"))
    assert deletion_plan.delete == ()
    assert set(reasons(deletion_plan).values()) == {"4 deletions are more than the budget of 3"}


def test_what_was_written_last_goes_first() -> None:
    deletion_plan = plan(ref("c"), ref("d", "Deployment", "apps"), ref("i", "Ingress", "networking.k8s.io"))
    assert [object_ref.name for object_ref in deletion_plan.delete] == ["i", "d", "c"]


def test_another_version_of_the_same_object_is_the_same_object() -> None:
    old, new = (
        ref("h", "HorizontalPodAutoscaler", "autoscaling", "v1"),
        ref("h", "HorizontalPodAutoscaler", "autoscaling"),
    )
    assert deletions.candidates((old,), (new,)) == ()


def test_whatever_holds_data_or_other_objects_is_held() -> None:
    deletion_plan = plan(
        ref("p", "PersistentVolumeClaim"),
        ref("n", "Namespace"),
        ref("w", "CustomResourceDefinition", "apiextensions.k8s.io"),
        ref("c"),
    )
    assert [object_ref.name for object_ref in deletion_plan.delete] == ["c"]
    assert reasons(deletion_plan).keys() == {"p", "n", "w"}


def test_objects_of_others_are_held() -> None:
    theirs = {"a": {**WHO.labels, model.FORMATION: "qa"}, "b": {}}
    assert reasons(plan(ref("a"), ref("b"), others=theirs)) == {
        "a": "it is labelled as shop/qa's",
        "b": "it isn't labelled as Sealane's any more",
    }


def test_no_yes_deletes_what_is_labelled_as_anothers() -> None:
    """It is theirs now, whoever made it."""
    theirs = {"a": {**WHO.labels, model.APP: "ledger"}}
    deletion_plan = plan(ref("a"), ref("b"), others=theirs, confirmed=True)
    assert [object_ref.name for object_ref in deletion_plan.delete] == ["b"]
    assert reasons(deletion_plan) == {"a": "it is labelled as ledger/dev's"}


def test_what_sealane_made_of_configuration_and_secrets_does_not_count() -> None:
    """A changed value is no deletion to anybody; only names of exactly that form are meant."""
    made = [ref(f"shop-dev-config-{number:010x}") for number in range(4)]
    made += [ref(f"shop-dev-secrets-{number:010x}", "Secret") for number in range(4)]
    assert len(plan(*made, *map(ref, "abc")).delete) == 11
    assert plan(*made, *map(ref, "abcd")).delete == ()
    alike = [
        "shop-dev-config-mine",
        "shop-dev-config-0123456789a",
        "shop-qa-config-0123456789",
        "shop-dev-secrets-0123456789",
    ]
    assert plan(*map(ref, alike)).delete == ()


def test_a_typed_yes_lifts_all_of_that() -> None:
    stored = (*map(ref, "abcd"), ref("p", "PersistentVolumeClaim"))
    assert len(plan(*stored, others={"a": {}}, confirmed=True).delete) == 5


def test_what_is_gone_is_neither_deleted_nor_held() -> None:
    deletion_plan = plan(ref("a"), ref("b"), gone={"a"})
    assert [object_ref.name for object_ref in deletion_plan.delete] == ["b"]
    assert [object_ref.name for object_ref in deletion_plan.gone] == ["a"]


def test_where_nothing_is_wanted_nothing_goes_even_with_a_yes() -> None:
    deletion_plan = deletions.plan(
        (KEPT,), (), live={KEPT.key: there(WHO.labels)}, identity=WHO, budget=deletions.Budget(confirmed=True)
    )
    assert (deletion_plan.delete, len(deletion_plan.held)) == ((), 1)


def test_what_says_itself_that_it_stays_stays_for_ever() -> None:
    """Helm's annotation: no yes deletes it, and it is the formation's no longer."""
    kept = ref("data")
    for said, held in (("keep", True), ("delete", False)):
        live = {kept.key: there(WHO.labels, **{"helm.sh/resource-policy": said})}
        budget = deletions.Budget(deletes=5, confirmed=True)
        made = deletions.plan((kept, KEPT), (KEPT,), live=live, identity=WHO, budget=budget, kinds=KINDS)
        assert (made.delete == ()) is held
        assert [(each.reason, each.kept) for each in made.held] == (
            [("its annotation helm.sh/resource-policy says keep", False)] if held else []
        )
