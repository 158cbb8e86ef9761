"""The player page in Chromium: it plays, says what is wrong, and can be used by everybody."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from openvod.access.service import IssuedKey
from openvod.signing.player_signature import player_signature
from support.browser.axe import violations
from support.browser.player_page import VIDEO, PlayerPage, embedding, make_film, uploaded
from support.corpus.build import AAC, ffmpeg, heard, seen
from support.server import PlatformServer
from support.server.api import call
from support.server.wire import Wire

_SECONDS = 12
_LADDER_SECONDS = 90.0
_IS_LADDER = "document.querySelector('main').dataset.source === 'ladder'"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformServer]:
    """A platform with its worker."""
    with PlatformServer(tmp_path_factory.mktemp("platform") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def key(platform: PlatformServer) -> IssuedKey:
    """A key of the main application."""
    # The browser's own loop runs in this thread, where no other may.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(platform.create_key).result()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds."""
    return make_film(tmp_path_factory.mktemp("film") / "holiday.mp4", _SECONDS)


@pytest.fixture(scope="module")
def plain(platform: PlatformServer, key: IssuedKey, film: Path) -> str:
    """The film, without any task."""
    return uploaded(platform, key, film)


@pytest.fixture(scope="module")
def finished(platform: PlatformServer, key: IssuedKey, film: Path) -> str:
    """A larger film with a ladder, sprites and a cover, all of it done."""
    larger = make_film(film.with_name("larger.mp4"), _SECONDS, "1280x720")
    file_id = uploaded(platform, key, larger, "LongVideoPreset")
    _wait_settled(platform, file_id)
    return file_id


def _told(platform: PlatformServer, file_id: str) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{platform.url}/play/{file_id}/sources.json").json()
    return told


def _wait_settled(platform: PlatformServer, file_id: str) -> None:
    deadline = time.monotonic() + _LADDER_SECONDS
    while _told(platform, file_id)["pending"]:
        assert time.monotonic() < deadline, "the flow has no end"
        time.sleep(0.3)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, in English."""
    context = browser.new_context(locale="en-GB", viewport={"width": 960, "height": 640})
    yield context.new_page()
    context.close()


def test_an_upload_plays_before_any_task_and_to_its_end(platform: PlatformServer, plain: str, page: Page) -> None:
    """The first frame comes from the upload itself, time goes on, and the end can be sought and reached."""
    player = PlayerPage.open(page, f"{platform.url}/play/{plain}?autoplay&muted")
    assert player.first_frame() == "instant"
    player.wait_video("v.currentTime > 0.5 && v.videoWidth === 640")
    assert player.video("duration") == pytest.approx(_SECONDS, abs=0.1)
    assert page.title() == "holiday"
    position = page.get_by_role("slider", name="Position")
    position.fill(str(_SECONDS - 1.5))
    player.wait_video(f"v.currentTime > {_SECONDS - 1}")
    player.wait_video("v.ended")
    assert player.problems == []


def test_the_keyboard_does_everything(platform: PlatformServer, plain: str, page: Page) -> None:
    """Play, seek, mute and every control are reached without a mouse, and buttons say what they do."""
    player = PlayerPage.open(page, f"{platform.url}/play/{plain}?muted")
    player.first_frame()
    assert player.video("paused") == 1
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("k")
    player.wait_video("!v.paused")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("ArrowRight")
    player.wait_video("v.currentTime >= 5")
    page.keyboard.press("m")
    player.wait_video("!v.muted")
    page.keyboard.press("k")
    player.wait_video("v.paused")
    reached = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert {"Position", "Play", "Mute", "Volume", "Full screen"} <= reached


def test_a_finished_ladder_has_qualities_sprites_and_a_poster(
    platform: PlatformServer, finished: str, page: Page
) -> None:
    """The ladder plays, its rungs are in the menu, and the seek bar shows pictures of the moment."""
    told = _told(platform, finished)
    assert told["state"] == "ladder"
    assert told["poster"]
    player = PlayerPage.open(page, f"{platform.url}/play/{finished}?muted")
    assert player.first_frame() == "ladder"
    assert player.page.locator("video").get_attribute("poster") == told["poster"]
    quality = page.get_by_role("combobox", name="Quality")
    expect(quality).to_be_visible()
    heights = sorted(map(int, re.findall(r"RESOLUTION=\d+x(\d+)", httpx.get(told["sources"][0]["url"]).text)))
    assert len(heights) >= 2
    assert quality.locator("option").all_inner_texts() == ["Auto", *(f"{height}p" for height in reversed(heights))]
    for height in (heights[-1], heights[0]):
        quality.select_option(label=f"{height}p")
        player.wait_video(f"v.videoHeight === {height}")
    page.get_by_role("slider", name="Position").hover(position={"x": 300, "y": 10})
    image = page.locator(".preview .image")
    expect(image).to_be_visible()
    shown = image.evaluate("e => [getComputedStyle(e).backgroundImage, e.offsetWidth, e.offsetHeight]")
    assert "imageSprite" in shown[0]
    assert min(shown[1:]) > 20
    assert player.problems == []


def test_a_source_that_does_not_start_is_given_up(platform: PlatformServer, finished: str, page: Page) -> None:
    """A ladder whose first segment never comes is left after five seconds for the file itself, which plays."""
    page.route(re.compile(r"/video_10_\d+_\d+\."), lambda _: None)
    player = PlayerPage.open(page, f"{platform.url}/play/{finished}")
    player.wait("document.querySelector('#player').dataset.source === 'ladder'")
    player.wait("document.querySelector('#player').dataset.source === 'instant'")
    page.keyboard.press("k")
    player.wait_video("v.currentTime > 0.5")
    assert player.problems == []


@pytest.mark.parametrize(("picture", "sound"), [(0.04, 6), (6, 1)], ids=["one picture", "little sound"])
def test_streams_of_unequal_length_play_to_the_end(
    picture: float, sound: float, platform: PlatformServer, key: IssuedKey, tmp_path: Path, page: Page
) -> None:
    """Their ladder plays as long as the longer of the two; upright pictures have qualities named by the short side."""
    film = tmp_path / "unequal.mp4"
    ffmpeg(*seen("240x320", seconds=picture), *heard(sound), "-c:v", "libx264", "-pix_fmt", "yuv420p", *AAC, str(film))
    file_id = uploaded(platform, key, film, "LongVideoPreset")
    _wait_settled(platform, file_id)
    player = PlayerPage.open(page, f"{platform.url}/play/{file_id}")
    player.wait("document.querySelector('#player').dataset.source === 'ladder'")
    quality = page.get_by_role("combobox", name="Quality")
    expect(quality).to_be_visible()
    assert quality.locator("option").all_inner_texts() == ["Auto", "240p"]
    page.keyboard.press("k")
    player.wait_video("v.ended")
    assert player.video("currentTime") == pytest.approx(6, abs=0.3)
    assert player.problems == []


def test_the_ladder_takes_over_silently(platform: PlatformServer, key: IssuedKey, tmp_path: Path, page: Page) -> None:
    """While the upload plays the ladder is made; it takes over at the same moment, without a pause or a jump."""
    film = make_film(tmp_path / "long.mp4", 60)
    file_id = uploaded(platform, key, film, "LongVideoPreset")
    player = PlayerPage.open(page, f"{platform.url}/play/{file_id}?autoplay&muted")
    assert player.first_frame() == "instant"
    page.evaluate(
        """() => {
          const seen = (window.seen = []);
          setInterval(() => {
            const v = document.querySelector('video:not(.behind)');
            const { source } = document.querySelector('main').dataset;
            seen.push([performance.now() / 1000, v.currentTime, v.paused, source]);
          }, 20);
        }"""
    )
    player.wait(_IS_LADDER, _LADDER_SECONDS)
    player.wait_video("v.currentTime > 1 && !v.paused")
    page.wait_for_timeout(1500)
    seen = page.evaluate("window.seen")
    change = next(place for place, row in enumerate(seen) if row[3] == "ladder")
    around = seen[max(0, change - 10) : change + 50]
    assert not any(row[2] for row in around), "it paused"
    ahead = [row[1] - row[0] for row in around]
    assert max(ahead) - min(ahead) < 0.35, "it jumped"
    assert player.page.locator("video").count() == 1


def test_the_ladder_takes_over_from_a_paused_film(
    platform: PlatformServer, key: IssuedKey, film: Path, page: Page
) -> None:
    """A film that stands just before its end gets its ladder where it stands."""
    file_id = uploaded(platform, key, film, "LongVideoPreset")
    player = PlayerPage.open(page, f"{platform.url}/play/{file_id}?muted")
    assert player.first_frame() == "instant"
    page.evaluate(f"{VIDEO}.currentTime = {_SECONDS - 0.2}")
    player.wait(_IS_LADDER, _LADDER_SECONDS)
    assert player.video("currentTime") == pytest.approx(_SECONDS - 0.2, abs=0.1)
    assert page.locator("video").count() == 1
    assert page.evaluate(f"{VIDEO}.paused")
    assert player.problems == []


def test_the_ladder_takes_over_in_the_replay(
    platform: PlatformServer, key: IssuedKey, tmp_path: Path, page: Page
) -> None:
    """A film that was over before its ladder was ready kept the upload for ever; its replay gets the ladder."""
    file_id = uploaded(platform, key, make_film(tmp_path / "short.mp4", 8), "LongVideoPreset")
    player = PlayerPage.open(page, f"{platform.url}/play/{file_id}?autoplay&muted")
    assert player.first_frame() == "instant"
    page.evaluate(f"{VIDEO}.currentTime = {VIDEO}.duration")
    player.wait_video("v.ended")
    _wait_settled(platform, file_id)
    page.wait_for_timeout(3000)
    assert page.locator("video").count() == 1
    assert player.video("currentTime") == pytest.approx(player.video("duration"))
    page.get_by_role("button", name="Play").click()
    player.wait(_IS_LADDER)
    player.wait_video("v.ended")
    assert player.problems == []


def test_a_file_that_waits_says_so_and_then_plays(
    platform: PlatformServer, key: IssuedKey, tmp_path: Path, page: Page
) -> None:
    """What browsers cannot play waits with words, and starts by itself when its ladder is there."""
    path = tmp_path / "old.flv"
    ffmpeg(*seen("640x360", seconds=6), *heard(6), "-c:v", "flv1", "-b:v", "2M", *AAC, str(path))
    file_id = uploaded(platform, key, path, "LongVideoPreset")
    player = PlayerPage.open(page, f"{platform.url}/play/{file_id}?autoplay&muted")
    expect(page.get_by_role("status")).to_contain_text(re.compile("Checking|Processing"))
    assert player.first_frame(_LADDER_SECONDS) == "ladder"
    expect(page.get_by_role("status")).to_be_hidden()


def test_what_cannot_be_played_is_said_in_both_languages(
    platform: PlatformServer, key: IssuedKey, film: Path, browser: Browser
) -> None:
    """Unknown and forbidden files have words of their own, in the reader's language."""
    forbidden = uploaded(platform, key, film)
    wire = Wire(platform.url, key)
    assert "Error" not in call(wire, "ForbidMediaDistribution", {"FileIds": [forbidden], "Operation": "forbid"})
    wire.http.close()
    words = {
        ("en-GB", "1"): "there is no such video",
        ("zh-CN", "1"): "视频不存在",
        ("en-GB", forbidden): "playback of this video is blocked",
        ("zh-CN", forbidden): "已禁播",
    }
    for (locale, file_id), text in words.items():
        context = browser.new_context(locale=locale)
        page = context.new_page()
        page.goto(f"{platform.url}/play/{file_id}")
        expect(page.get_by_role("status")).to_contain_text(text)
        assert page.locator("html").get_attribute("lang") == locale.replace("en-GB", "en")
        context.close()


def test_a_guarded_file_wants_a_signature(platform: PlatformServer, key: IssuedKey, film: Path, page: Page) -> None:
    """Without a player signature, and with a wrong one, the page says what to do; with one it plays to the end."""
    main = Wire(platform.url, key)
    sub_app_id = call(main, "CreateSubAppId", {"Name": "cinema"})["SubAppId"]
    with ThreadPoolExecutor(1) as apart:
        own = apart.submit(platform.create_key, sub_app_id).result()
    wire = Wire(platform.url, own)
    policy = {"Status": "Enabled", "EncryptedKey": "24FEQmTzro4V5u3D5epW"}
    changed = call(wire, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": policy})
    assert "Error" not in changed
    play_key = call(wire, "DescribeDefaultDistributionConfig")["PlayKey"]
    main.http.close()
    wire.http.close()
    file_id = uploaded(platform, own, film)
    payload = {"appId": sub_app_id, "fileId": file_id, "contentInfo": {"audioVideoType": "Original"},
               "currentTimeStamp": int(time.time())}  # fmt: skip
    address = f"{platform.url}/play/{file_id}?autoplay&muted"
    page.wait_for_timeout(1100)
    page.goto(address)
    expect(page.get_by_role("status")).to_contain_text("requires a signed link")
    page.goto(f"{address}&psign=a.b.c")
    expect(page.get_by_role("status")).to_contain_text("not valid or has expired")
    player = PlayerPage.open(page, f"{address}&psign={player_signature(play_key, payload)}")
    assert player.first_frame() == "instant"
    page.get_by_role("slider", name="Position").fill(str(_SECONDS - 1))
    player.wait_video("v.ended")


def test_any_page_can_embed_it(platform: PlatformServer, plain: str, page: Page) -> None:
    """Inside a frame of another origin it plays as well."""
    body = f'<iframe src="{platform.url}/play/{plain}?autoplay&muted" allow="autoplay"></iframe>'
    with embedding(body) as address:
        page.goto(address)
        _check_frame(page)


def test_in_a_frame_the_picture_has_all_the_room(platform: PlatformServer, plain: str, page: Page) -> None:
    """The controls lie over it, and step aside while it plays and nobody points at it or uses them."""
    body = (
        f'<iframe src="{platform.url}/play/{plain}?autoplay&muted" allow="autoplay" width="640" height="360"></iframe>'
    )
    with embedding(body) as address:
        page.goto(address)
        _check_frame(page)
        frame, bar = page.frame_locator("iframe"), page.frame_locator("iframe").locator(".bar")
        assert frame.locator("video").evaluate("v => [v.offsetWidth, v.offsetHeight]") == [640, 360]
        expect(bar).to_have_css("opacity", "0")
        expect(frame.get_by_role("button", name="Unmute")).to_be_attached()
        frame.get_by_role("slider", name="Position").focus()
        expect(bar).to_have_css("opacity", "1")


def _check_frame(page: Page) -> None:
    frame = page.frame_locator("iframe")
    expect(frame.locator("main[data-playing=true]")).to_be_visible()
    assert frame.locator("video").evaluate("v => new Promise(done => v.requestVideoFrameCallback(() => done(1)))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 960])
def test_everybody_can_use_it(
    platform: PlatformServer, finished: str, browser: Browser, width: int, scheme: Any
) -> None:
    """On phones and desks, light and dark: nothing runs out of the page, and axe finds nothing serious."""
    context = browser.new_context(locale="en-GB", viewport={"width": width, "height": 480}, color_scheme=scheme)
    page = context.new_page()
    player = PlayerPage.open(page, f"{platform.url}/play/{finished}?muted")
    player.first_frame()
    expect(page.get_by_role("combobox", name="Quality")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert violations(page) == []
    context.close()
