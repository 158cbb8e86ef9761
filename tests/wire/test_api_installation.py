"""Regions, applications, keys' permissions and the audit log (``procedures-and-api.md`` 6.5, 6.6)."""

from __future__ import annotations

import json

import httpx
import pytest

from openvod.access.model import Group
from support.server import PlatformServer
from support.server.api import call
from support.server.commands import openvod_json
from support.server.wire import Wire, signature
from support.sweeps.workers import wait_for


def _application(wire: Wire, name: str) -> int:
    return int(call(wire, "CreateSubAppId", {"Name": name, "Description": "d"})["SubAppId"])


def test_regions(wire: Wire) -> None:
    """All known regions are listed; one is opened and made the default, and back."""
    regions = {each["Region"]: each for each in call(wire, "DescribeStorageRegions")["StorageRegionInfos"]}
    assert regions["ap-chongqing"] == {
        "Region": "ap-chongqing",
        "Description": "ap-chongqing",
        "Status": "opened",
        "IsDefault": True,
        "Area": "Chinese Mainland",
    }
    assert (regions["eu-frankfurt"]["Status"], regions["eu-frankfurt"]["Area"]) == (
        "unopened",
        "Outside Chinese Mainland",
    )
    refused = call(wire, "ModifyDefaultStorageRegion", {"StorageRegion": "eu-frankfurt"})
    assert refused["Error"]["Code"] == "InvalidParameterValue.StorageRegion"
    assert "Error" not in call(wire, "CreateStorageRegion", {"StorageRegion": "ap-seoul"})
    assert "Error" not in call(wire, "ModifyDefaultStorageRegion", {"StorageRegion": "ap-seoul"})
    regions = {each["Region"]: each for each in call(wire, "DescribeStorageRegions")["StorageRegionInfos"]}
    assert [name for name, each in regions.items() if each["IsDefault"]] == ["ap-seoul"]
    call(wire, "ModifyDefaultStorageRegion", {"StorageRegion": "ap-chongqing"})
    refused = call(wire, "CreateStorageRegion", {"StorageRegion": "mars-north"})
    assert refused["Error"]["Code"] == "InvalidParameterValue.StorageRegion"


def test_applications(wire: Wire, shared_server: PlatformServer) -> None:
    """An application is created, described and renamed; a key of another one sees and touches its own alone."""
    first, second = _application(wire, "first"), _application(wire, "second")
    assert "Error" not in call(wire, "ModifySubAppIdInfo", {"SubAppId": first, "Name": "premier"})
    listed = call(wire, "DescribeSubAppIds", {"Name": "premier"})
    row = listed["SubAppIdInfoSet"][0]
    assert (listed["TotalCount"], row["SubAppId"], row["Name"], row["Description"]) == (1, first, "premier", "d")
    assert row["Status"] == "On"
    key = shared_server.create_key(second)
    assert [each["SubAppId"] for each in call(wire, "DescribeSubAppIds", key=key)["SubAppIdInfoSet"]] == [second]
    refused = call(wire, "ModifySubAppIdInfo", {"SubAppId": first, "Name": "x"}, key=key)
    assert refused["Error"]["Code"] == "InvalidParameterValue.SubAppId"
    for action, body in (("CreateSubAppId", {"Name": "x"}), ("CreateStorageRegion", {"StorageRegion": "ap-tokyo"})):
        assert call(wire, action, body, key=key)["Error"]["Code"] == "AuthFailure.UnauthorizedOperation"


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("CreateSubAppId", {"Name": ""}, "InvalidParameterValue.Name"),
        ("CreateSubAppId", {"Name": "x" * 41}, "InvalidParameterValue.Name"),
        ("CreateSubAppId", {"Name": "x", "Description": "d" * 301}, "InvalidParameterValue.Description"),
        ("CreateSubAppId", {"Name": "x", "Type": "Professional"}, "InvalidParameterValue"),
        ("CreateSubAppId", {"Name": "x", "StorageRegion": "eu-moscow"}, "InvalidParameterValue.StorageRegion"),
        ("ModifySubAppIdInfo", {"Name": "x"}, "MissingParameter"),
        ("ModifySubAppIdInfo", {"SubAppId": 9, "Name": "x"}, "InvalidParameterValue.SubAppId"),
        ("ModifySubAppIdStatus", {"SubAppId": 1_500_000_001, "Status": "Off"}, "FailedOperation"),
        ("ModifySubAppIdStatus", {"SubAppId": 1_500_000_001, "Status": "Destroyed"}, "UnsupportedOperation"),
        ("ModifySubAppIdStatus", {"SubAppId": 1_500_000_001, "Status": "off"}, "InvalidParameterValue"),
    ],
)
def test_refusals(wire: Wire, action: str, body: dict[str, object], code: str) -> None:
    """Each fault has its code."""
    assert call(wire, action, body)["Error"]["Code"] == code


def test_an_application_that_is_off(wire: Wire, shared_server: PlatformServer) -> None:
    """It takes no upload in and changes nothing, can still be read, and comes back."""
    app_id = _application(wire, "sleeper")
    own = Wire(shared_server.url, shared_server.create_key(app_id), wire.http)
    applied = own.apply()
    assert applied.put(b"0123456789").status_code == 200
    committed = own.commit(applied)["data"]
    media_url = committed["video"]["url"]
    assert httpx.get(media_url).status_code == 200
    call(wire, "ModifySubAppIdStatus", {"SubAppId": app_id, "Status": "Off"})
    answer = own.ugc("ApplyUploadUGC", {"signature": signature(own.key), "videoName": "v", "videoType": "mp4"})
    assert answer["code"] == 10012
    assert "switched off" in answer["message"]
    assert call(own, "ApplyUpload", {"MediaType": "mp4"})["Error"]["Code"] == "FailedOperation"
    assert "Error" not in call(own, "DescribeAllClass")
    assert _becomes(media_url, 403)
    call(wire, "ModifySubAppIdStatus", {"SubAppId": app_id, "Status": "On"})
    assert _becomes(media_url, 200)
    assert "Error" not in call(own, "ApplyUpload", {"MediaType": "mp4"})


def _becomes(url: str, status: int) -> bool:
    return wait_for(lambda: httpx.get(url).status_code == status, 3)


def test_keys_with_less_than_everything(wire: Wire, shared_server: PlatformServer) -> None:
    """A key does what it may be used for and nothing else; a call without a permission names what is permitted."""
    key = shared_server.administer(lambda access: access.create_key(0, "app server", (Group.SIGN, Group.READ)))
    limited = Wire(shared_server.url, key, wire.http)
    assert limited.apply().data["vodSessionKey"]
    assert "Error" not in call(limited, "DescribeAllClass")
    error = call(limited, "CreateClass", {"ParentId": -1, "ClassName": "x"})["Error"]
    assert error["Code"] == "AuthFailure.UnauthorizedOperation"
    assert "sign, read" in error["Message"]
    shared_server.administer(lambda access: access.set_key_groups(key.secret_id, (Group.READ,)))
    answer = limited.ugc("ApplyUploadUGC", {"signature": signature(key), "videoName": "v", "videoType": "mp4"})
    assert answer["code"] == 10005


def test_audit_log(wire: Wire, shared_server: PlatformServer) -> None:
    """What changed something or was refused is written down without secrets; what only read is not."""
    call(wire, "ModifyEventConfig", {"SignKey": "topsecret1"})
    call(wire, "ModifySubAppIdInfo", {"SubAppId": 9, "Name": "x"})
    call(wire, "DescribeAllClass")
    listed = openvod_json("audit", "list", "--data-dir", str(shared_server.data_dir), "--json")
    refused, modified = listed[0], listed[1]
    assert (refused["action"], refused["outcome"]) == ("ModifySubAppIdInfo", "InvalidParameterValue.SubAppId")
    assert (modified["action"], modified["outcome"], modified["secret_id"]) == (
        "ModifyEventConfig",
        "",
        wire.key.secret_id,
    )
    assert json.loads(modified["parameters"]) == {"SignKey": "***"}
    assert "topsecret1" not in json.dumps(listed)
