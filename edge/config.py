"""Every knob of the box: unit, range, default, reason.

Read once by `config_file.read_config`, frozen, handed down in parts: no module reads the file or
the environment by itself. Learned state (calibration, thresholds) lies in files of its own.
At most 60 knobs: to add one, delete one. `edge/README.md` lists them, and a test compares.
"""

from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cameras.config import CameraConfig
from cameras.errors import CameraConfigError

MAX_IPC_PATH_CHARS = 100  # sun_path holds 107 bytes; the rest is for a lock file's ending
MAX_KNOBS = 60
FACTORY_BUNDLE = Path(__file__).resolve().parent / "bundles" / "factory"
# The one bundle that needs no gate verdict; a test compares it with the folder.
FACTORY_BUNDLE_ID = "6e573e4d0c211e1aa5be6d2bbee722da393cdacbb4642679fade7cf7123686b4"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
"""Ids stand in file names, in addresses and in every message: short and plain."""

Provider = Literal["tensorrt", "cuda", "cpu"]


class Part(BaseModel):
    """One table of the file: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraKnobs(Part):
    """One camera over a counter, checked by the rules of `cameras.config`.

    Attributes:
        url: rtsp://..., usb:0, or clip:PATH?pace=fast&loop=true&skew_ms=40&delay_ms=0.
        width, height: size the box works in; None means the first size seen.
        counter_region: polygon [[x, y], ...] of the counter in pixels; empty: the whole picture.
        calibration: file of `edgectl calibrate`; None: this camera knows no centimetres.
        connect_timeout_s, read_timeout_s: their limits keep a slow camera within the watchdog.
    """

    camera_id: Name
    url: str = Field(min_length=1, max_length=500, repr=False)
    fps: float = Field(default=15.0, ge=1.0, le=60.0)
    width: int | None = Field(default=None, ge=64, le=7680)
    height: int | None = Field(default=None, ge=64, le=7680)
    counter_region: tuple[tuple[int, int], ...] = ()
    calibration: Path | None = None
    connect_timeout_s: float = Field(default=2.0, ge=0.1, le=5.0)
    read_timeout_s: float = Field(default=1.5, ge=0.1, le=4.0)
    identical_limit_s: float = Field(default=20.0, ge=0.0, le=3_600.0)
    tls_ca: Path | None = None
    is_tls_verified: bool = True

    def camera_config(self, lane_id: str) -> CameraConfig:
        """The same in the words of `cameras`."""
        return CameraConfig(
            camera_id=self.camera_id,
            lane_id=lane_id,
            url=self.url,
            width=self.width,
            height=self.height,
            fps=self.fps,
            counter_region=self.counter_region,
            calibration_path=self.calibration,
            connect_timeout_s=self.connect_timeout_s,
            read_timeout_s=self.read_timeout_s,
            identical_limit_s=self.identical_limit_s,
            tls_ca_path=self.tls_ca,
            is_tls_verified=self.is_tls_verified,
        )

    @model_validator(mode="after")
    def _cameras_agrees(self) -> Self:
        try:
            self.camera_config("lane")
        except CameraConfigError as err:
            raise ValueError(str(err)) from err
        return self


class ScaleAddress(NamedTuple):
    """Which scale, at which line."""

    kind: str
    path: Path


class LaneKnobs(Part):
    """One counter: its cameras, best view for a shopper first, how one pays there, its scale."""

    lane_id: Name
    terminal: Literal["external", "practice", "attendant"] = "practice"
    scale: str = Field(default="", pattern=r"^$|^(toledo8217|caspdii):/\S+$", max_length=120)
    cameras: tuple[CameraKnobs, ...] = Field(min_length=1, max_length=8)

    @property
    def scale_address(self) -> ScaleAddress:
        """Kind and line of `scale`."""
        kind, _, path = self.scale.partition(":")
        return ScaleAddress(kind, Path(path))

    @model_validator(mode="after")
    def _cameras_differ(self) -> Self:
        _refuse_twice("camera_id", [camera.camera_id for camera in self.cameras])
        return self


class PathKnobs(Part):
    """Where things lie.

    Attributes:
        run_dir: sockets, locks, heartbeats; gone after a reboot.
        state_dir: journals and everything that must survive.
        ring_dir: frames; must be memory (tmpfs), not a disk.
        bundle_dir: the bundle to serve; None means the factory bundle that ships with the box.
        prices_file: a price list that replaces the bundle's; None means the bundle's own.
    """

    run_dir: Path = Path("/run/tillsight")
    state_dir: Path = Path("/var/lib/tillsight/edge")
    ring_dir: Path = Path("/dev/shm/tillsight")
    bundle_dir: Path | None = None
    prices_file: Path | None = None

    @property
    def serving_bundle(self) -> Path:
        """The bundle this box serves."""
        return self.bundle_dir or FACTORY_BUNDLE


class KioskKnobs(Part):
    """The shopper's screen; it listens on localhost only.

    Attributes:
        attendant_pin_hash: salted scrypt from `edgectl pin`; empty: no attendant mode.
        loyalty_file: CSV of the loyalty program's numbers; None: numbers are kept, none is known.
        handheld_port: serves paired phones of the staff under TLS; 0: no other device is served.
    """

    port: int = Field(default=8600, ge=1, le=65_535)
    store: str = Field(default="Tillsight", min_length=1, max_length=60)
    language: Literal["en", "de", "es", "fr", "ar"] = "en"
    attendant_pin_hash: str = Field(default="", pattern=r"^$|^[0-9a-f]{32}\$[0-9a-f]{64}$")
    receipt_s: int = Field(default=45, ge=5, le=600)
    loyalty_file: Path | None = None
    handheld_port: int = Field(default=0, ge=0, le=65_535)


class PerceptionKnobs(Part):
    """Seeing: on what, with how many threads, and when a frame is given up.

    Attributes:
        providers: tried in this order; the first that really loads is used.
        threads: of the inference runtime; 1 per core that is not needed by cameras.
        frame_timeout_ms: a pass that takes longer is stopped; the frame counts as unknown.
        max_frame_age_ms: an older frame is skipped, because a newer one is already there.
        rest_ms: an item is at rest when it was still for so long.
    """

    providers: tuple[Provider, ...] = Field(default=("tensorrt", "cuda", "cpu"), min_length=1)
    threads: int = Field(default=1, ge=1, le=64)
    frame_timeout_ms: int = Field(default=2_000, ge=100, le=60_000)
    max_frame_age_ms: int = Field(default=500, ge=50, le=60_000)
    rest_ms: int = Field(default=60, ge=0, le=2_000)


class BasketKnobs(Part):
    """When an item becomes a line; reasons are in edge/basket/README.md.

    Attributes:
        pairing_window_ms: frames of two cameras this near in time show the same moment.
        gone_after_ms: an item is gone when its free place was seen for so long.
        wait_views_ms: an item waits so long for the other cameras that should see it.
        ask_after_ms: an undecided item is asked about after this.
        unknown_after_ms: an item of no SKU is shown as unknown after this.
        blind_after_ms: no camera spoke for so long: the counter cannot be seen.
        walk_away_s: nothing moved for so long: the basket is set aside, or voided.
        paid_screen_s: the thank-you screen stays at least so long.
        clear_s: goods of a paid basket that still lie there after this are left behind.
        journal_days: events of finished sales are kept so long; 0 keeps them for ever.
    """

    pairing_window_ms: int = Field(default=250, ge=10, le=1_000)
    gone_after_ms: int = Field(default=250, ge=50, le=10_000)
    wait_views_ms: int = Field(default=150, ge=0, le=5_000)
    ask_after_ms: int = Field(default=700, ge=0, le=10_000)
    unknown_after_ms: int = Field(default=1_000, ge=0, le=10_000)
    blind_after_ms: int = Field(default=1_000, ge=200, le=60_000)
    walk_away_s: float = Field(default=120.0, ge=10.0, le=3_600.0)
    walk_away_to: Literal["suspend", "void"] = "suspend"
    paid_screen_s: float = Field(default=5.0, ge=0.0, le=600.0)
    clear_s: float = Field(default=60.0, ge=0.0, le=3_600.0)
    journal_days: int = Field(default=400, ge=0, le=4_000)


class FrameRingKnobs(Part):
    """Shared memory for frames.

    Attributes:
        slots: frames kept per camera; at 15 fps 8 slots give a reader 0.5 s.
        max_mib: per camera; a camera that needs more is refused with this limit in the message.
    """

    slots: int = Field(default=8, ge=3, le=64)
    max_mib: int = Field(default=512, ge=1, le=8_192)


class SupervisorKnobs(Part):
    """How processes are brought back.

    Attributes:
        restart_cap_s: longest pause before the next attempt; there is always a next attempt.
        stable_after_s: a process that ran so long is forgiven its earlier deaths.
        stop_timeout_s: a process that does not end by itself in this time is killed.
    """

    restart_cap_s: float = Field(default=10.0, ge=0.1, le=600.0)
    stable_after_s: float = Field(default=10.0, ge=0.5, le=3_600.0)
    stop_timeout_s: float = Field(default=5.0, ge=0.2, le=60.0)


class HubKnobs(Part):
    """The road to the centre; without an address the box works by itself, for ever.

    Attributes:
        url: https://..., as at `edgectl enrol`; empty: no hub, and no process for one.
        ca_file: the only certificates to trust; None means the system's.
        proxy_url: http://user:password@host:port; empty: a direct road.
        allow_without_shadow: a candidate may take over after its self-test alone; for a laboratory.
        swap_policy: how much proof a candidate needs; `lab` needs little and proves little.
        shadow_spool_mib: memory for pictures of baskets that wait for the candidate.
        bulk_kbit_per_s: of pictures, recordings and bundles, on average; 0: no limit.
        bulk_hours: when they may move, by the shop's clock: 22-06; empty: always. Rows and prices
            always move.
        recordings_per_day: whole redacted baskets for the blind set; 0 unless the store agreed.
    """

    url: str = Field(default="", pattern=r"^$|^https?://\S+$", max_length=300)
    ca_file: Path | None = None
    proxy_url: str = Field(default="", pattern=r"^$|^https?://\S+$", max_length=300, repr=False)
    allow_without_shadow: bool = False
    swap_policy: Literal["production", "lab"] = "production"
    shadow_spool_mib: int = Field(default=256, ge=16, le=8_192)
    bulk_kbit_per_s: int = Field(default=0, ge=0, le=10_000_000)
    bulk_hours: str = Field(default="", pattern=r"^$|^([01]\d|2[0-3])-([01]\d|2[0-3])$")
    recordings_per_day: int = Field(default=0, ge=0, le=200)


class EdgeConfig(Part):
    """The whole file.

    Attributes:
        schema_version: `schema` in the file; this software reads 1.
        box_id: stands in every basket's id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(alias="schema")
    box_id: Name
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    paths: PathKnobs = PathKnobs()
    kiosk: KioskKnobs = KioskKnobs()
    perception: PerceptionKnobs = PerceptionKnobs()
    basket: BasketKnobs = BasketKnobs()
    frame_ring: FrameRingKnobs = FrameRingKnobs()
    supervisor: SupervisorKnobs = SupervisorKnobs()
    hub: HubKnobs = HubKnobs()
    lanes: tuple[LaneKnobs, ...] = Field(min_length=1, max_length=16)

    @model_validator(mode="after")
    def _lanes_differ(self) -> Self:
        _refuse_twice("lane_id", [lane.lane_id for lane in self.lanes])
        return self

    @model_validator(mode="after")
    def _addresses_fit(self) -> Self:
        longest = max(
            len(f"/perception_state.{lane.lane_id}.{camera.camera_id}.sock")
            for lane in self.lanes
            for camera in lane.cameras
        )
        length = len(str(self.paths.run_dir)) + longest
        if length >= MAX_IPC_PATH_CHARS:
            raise ValueError(
                f"paths.run_dir makes socket paths of {length} characters; "
                f"allowed: fewer than {MAX_IPC_PATH_CHARS}"
            )
        return self

    def lane(self, lane_id: str) -> LaneKnobs:
        """The lane of this id.

        Raises:
            KeyError: no such lane.
        """
        for lane in self.lanes:
            if lane.lane_id == lane_id:
                return lane
        raise KeyError(f"no lane {lane_id!r} in the configuration")

    def camera(self, lane_id: str, camera_id: str) -> CameraKnobs:
        """The camera of this id.

        Raises:
            KeyError: no such lane or camera.
        """
        for camera in self.lane(lane_id).cameras:
            if camera.camera_id == camera_id:
                return camera
        raise KeyError(f"no camera {camera_id!r} on lane {lane_id!r} in the configuration")


def knob_names(model: type[BaseModel] = EdgeConfig, prefix: str = "") -> list[str]:
    """Every knob as it is written in the file, `lanes.cameras.url`; for the README and its test."""
    names = []
    for field_name, field in model.model_fields.items():
        name = f"{prefix}{field.alias or field_name}"
        part = _part_inside(field.annotation)
        names += knob_names(part, f"{name}.") if part is not None else [name]
    return names


def _part_inside(annotation: object) -> type[BaseModel] | None:
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, Part):
            return candidate
    return None


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} {twice[0]!r} stands twice")
