"""Which database, data folder and store may start together."""

from __future__ import annotations

import pytest

from openvod.base.errors import Conflict
from openvod.storage.installation import Installation, Standing, Witness, check_age, judge

_NONE, _USED = Witness(), Witness("", used=True)
_A, _A_USED, _B = Witness("a"), Witness("a", used=True), Witness("b", used=True)


@pytest.mark.parametrize(
    ("database", "folder", "store", "standing"),
    [
        pytest.param(_NONE, _NONE, _NONE, Standing.NEW, id="the first start"),
        pytest.param(_NONE, _NONE, _A, Standing.NEW, id="a first start that was interrupted after the store"),
        pytest.param(_A, _NONE, _A, Standing.NEW, id="a first start that was interrupted after the database"),
        pytest.param(_A_USED, _A, _A_USED, Standing.KNOWN, id="every other start"),
        pytest.param(_A_USED, _A, _A, Standing.KNOWN, id="nothing stored yet"),
        pytest.param(_USED, _NONE, _USED, Standing.EARLIER, id="made by a release without ids"),
        pytest.param(_USED, _NONE, _NONE, Standing.EARLIER, id="made by a release without ids, nothing stored"),
    ],
)
def test_what_may_start(database: Witness, folder: Witness, store: Witness, standing: Standing) -> None:
    """What belongs together starts, and says how it stands."""
    assert judge(database, folder, store) is standing


@pytest.mark.parametrize(
    ("database", "folder", "store", "code"),
    [
        pytest.param(_NONE, _A, _A_USED, "database_missing", id="the database was deleted"),
        pytest.param(_NONE, _A, _A, "database_missing", id="the database was deleted before anything was stored"),
        pytest.param(_USED, _A, _A_USED, "database_missing", id="another database, of a release without ids"),
        pytest.param(_NONE, _NONE, _USED, "database_missing", id="deleted under a release without ids"),
        pytest.param(_NONE, _NONE, _A_USED, "database_missing", id="only the store is left"),
        pytest.param(_B, _A, _A_USED, "differs", id="another installation's database"),
        pytest.param(_A_USED, _A, _B, "differs", id="another installation's store"),
        pytest.param(_A_USED, Witness("b"), _A_USED, "differs", id="another installation's folder"),
        pytest.param(_A_USED, _NONE, _B, "differs", id="the folder is new, the store another's"),
        pytest.param(_A_USED, _A, _NONE, "store_missing", id="the store's disk is not mounted"),
        pytest.param(_A_USED, _NONE, _NONE, "folder_missing", id="a second server with a folder of its own"),
        pytest.param(_A, _NONE, _NONE, "folder_missing", id="two first starts on one database"),
        pytest.param(_A_USED, _NONE, _A_USED, "folder_missing", id="the folder's record was deleted"),
    ],
)
def test_what_is_refused(database: Witness, folder: Witness, store: Witness, code: str) -> None:
    """Where starting could take data for left-overs, it is refused with the ways out."""
    with pytest.raises(Conflict) as refused:
        judge(database, folder, store)
    assert refused.value.code == f"installation.{code}"
    assert "openvod adopt" in refused.value.message


def test_an_older_database_is_recognised() -> None:
    """A copy of the database from before the folder's mark is refused, until a restore says that it is meant."""
    today, yesterday = Installation("a", mark=9), Installation("a", mark=5)
    check_age(today, 9)
    check_age(Installation("a", mark=10), 9)
    with pytest.raises(Conflict, match="openvod restore"):
        check_age(yesterday, 9)
    restored = yesterday.taken_over(9, 1000.0)
    check_age(restored, 9)
    assert restored.restored_at == 1000.0
