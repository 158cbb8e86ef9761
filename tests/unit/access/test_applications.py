"""Applications, keys and regions: who may do what where, and what is refused before it does harm."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from openvod.access.model import DEFAULT_REGION, MAIN_APPLICATION_ID, OFF, ON, Group
from openvod.access.service import AccessService, application_for, ensure_defaults, region_for, signer
from openvod.adapters.sql.database import Database
from openvod.adapters.system import SystemEntropy
from openvod.base.errors import OpenVodError
from support.events import ManualClock, PlainBox
from support.server import run_async

Refused = Callable[[Coroutine[Any, Any, Any]], str]


@pytest.fixture
def access(database: Database) -> AccessService:
    """The service on an installation with its defaults."""
    run_async(database.write(lambda tx: ensure_defaults(tx.access, 1.0)))
    return AccessService(database, PlainBox(), ManualClock(), SystemEntropy())


def test_defaults_are_made_once(access: AccessService, database: Database) -> None:
    """A second start changes neither the main application nor the regions."""
    run_async(access.modify_application(0, name="renamed"))
    run_async(database.write(lambda tx: ensure_defaults(tx.access, 99.0)))
    main = run_async(access.application(0))
    assert (main.sub_app_id, main.name, main.created_at) == (MAIN_APPLICATION_ID, "renamed", 1.0)
    assert [each.name for each in run_async(access.regions()) if each.is_default] == [DEFAULT_REGION]


def test_applications_change_within_limits(access: AccessService, refused: Refused) -> None:
    """Names have 1 to 40 characters, descriptions 300; what is not given stays; the main application stays on."""
    made = run_async(access.create_application("n" * 40, "d" * 300))
    run_async(access.modify_application(made.sub_app_id, name="other"))
    found = run_async(access.application(made.sub_app_id))
    assert (found.name, found.description, found.status) == ("other", "d" * 300, ON)
    assert refused(access.create_application("")) == "application.name"
    assert refused(access.create_application("n" * 41)) == "application.name"
    assert refused(access.modify_application(made.sub_app_id, description="d" * 301)) == "application.description"
    assert refused(access.application(1)) == "application.unknown"
    run_async(access.switch_application(made.sub_app_id, OFF))
    assert run_async(access.application(made.sub_app_id)).status == OFF
    assert refused(access.switch_application(0, OFF)) == "application.main"
    assert refused(access.switch_application(made.sub_app_id, "off")) == "application.status"


def test_a_keys_way(access: AccessService, app: int, database: Database, refused: Refused) -> None:
    """A key signs while it is enabled and is deleted only when it is not; its secret is sealed and told once."""
    issued = run_async(access.create_key(app, groups=[Group.SIGN]))
    stored = run_async(access.key(issued.secret_id))
    assert (stored.sub_app_id, stored.groups) == (app, (Group.SIGN,))
    assert access.secret_of(stored) == issued.secret_key
    assert refused(access.delete_key(issued.secret_id)) == "key.enabled"
    assert run_async(database.read(lambda tx: signer(tx.access, issued.secret_id))) == stored
    run_async(access.set_key_groups(issued.secret_id, []))
    run_async(access.set_key_enabled(issued.secret_id, enabled=False))
    assert run_async(access.key(issued.secret_id)).groups == ()
    assert refused(database.read(lambda tx: signer(tx.access, issued.secret_id))) == "key.disabled"
    run_async(access.delete_key(issued.secret_id))
    assert refused(database.read(lambda tx: signer(tx.access, issued.secret_id))) == "key.unknown"
    assert refused(access.create_key(1)) == "application.unknown"


def test_the_consoles_key_is_one(access: AccessService) -> None:
    """It is made at the first question and found at the next."""
    assert run_async(access.console_key()) == run_async(access.console_key())


def test_keys_act_for_their_application(access: AccessService, app: int, database: Database) -> None:
    """A key of the main application acts for every application that exists, any other for its own."""

    def acts_for(sub_app_id: int, requested: int) -> int | str:
        key = run_async(access.key(run_async(access.create_key(sub_app_id)).secret_id))
        try:
            return run_async(database.read(lambda tx: application_for(tx.access, key, requested).sub_app_id))
        except OpenVodError as error:
            return error.code

    other = run_async(access.create_application("other")).sub_app_id
    assert acts_for(app, 0) == acts_for(app, app) == acts_for(0, app) == app
    assert acts_for(0, 0) == MAIN_APPLICATION_ID
    assert acts_for(app, other) == acts_for(app, MAIN_APPLICATION_ID) == "application.foreign"
    assert acts_for(0, 1) == "application.unknown"


def test_regions(access: AccessService, database: Database, refused: Refused) -> None:
    """One region is the default and stays enabled; a disabled or unknown one is refused with those that are enabled."""

    def chosen(name: str) -> str:
        return run_async(database.read(lambda tx: region_for(tx.access, name).name))

    run_async(access.open_region("ap-tokyo"))
    assert (chosen(""), chosen("ap-tokyo")) == (DEFAULT_REGION, "ap-tokyo")
    run_async(access.make_default_region("ap-tokyo"))
    assert (chosen(""), chosen(DEFAULT_REGION)) == ("ap-tokyo", DEFAULT_REGION)
    assert refused(access.disable_region("ap-tokyo")) == "region.default"
    run_async(access.make_default_region(DEFAULT_REGION))
    run_async(access.disable_region("ap-tokyo"))
    assert refused(database.read(lambda tx: region_for(tx.access, "ap-tokyo"))) == "region.not_enabled"
    assert refused(access.make_default_region("ap-tokyo")) == "region.not_enabled"
    assert refused(access.open_region("ap-nowhere")) == "region.not_enabled"
    assert refused(access.enable_region("AP")) == refused(access.enable_region("")) == "region.name"
    assert refused(access.disable_region("ap-nowhere")) == "region.unknown"
