"""What a camera makes of light: exposure, white balance, tone, vignette, blur, noise, JPEG.

Flow: linear float32 -> BGR uint8

Auto-exposure is computed once per camera on the empty counter or first picture and then kept, as
cameras with locked exposure do.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.counter_look import CounterLook

Linear = NDArray[np.float32]
Picture = NDArray[np.uint8]

_USUAL_ALBEDO = 0.25


def metered_gain(linear: Linear, look: CounterLook) -> float:
    """The gain that brings the picture to a usual brightness, times the look's exposure.

    Mostly by the light that falls in, as a fitter sets it up: metering a black belt alone would
    burn out every white pack on it.

    Args:
        linear: the empty counter.
        look: its material tells how much light it sends back.
    """
    grey = linear.mean(axis=2)
    level = 0.6 * float(grey.mean()) + 0.4 * float(np.percentile(grey, 92)) * 0.5
    albedo = float(((look.counter / 255.0) ** 2.2).mean()) + 0.01
    incident = level * _USUAL_ALBEDO / albedo
    return float(look.exposure * 0.22 / max(level**0.25 * incident**0.75, 1e-4))


def developed(linear: Linear, look: CounterLook, gain: float) -> NDArray[np.float32]:
    """Display-referred float32 0 to 255, BGR, before noise."""
    exposed = linear * (np.array(look.white_balance, np.float32) * gain)
    # A soft shoulder keeps glare from clipping at once.
    toned = np.where(exposed < 0.7, exposed, 0.7 + 0.3 * np.tanh((exposed - 0.7) / 0.45))
    srgb = np.where(
        toned <= 0.0031308,
        12.92 * toned,
        1.055 * np.power(np.maximum(toned, 1e-6), 1 / 2.4) - 0.055,
    )
    height, width = srgb.shape[:2]
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    shade = 1 - 0.07 * (x**2 + y**2)
    bgr = np.clip(srgb * shade[..., None], 0, 1)[..., ::-1] * 255
    return np.ascontiguousarray(bgr, np.float32)


def captured(display: NDArray[np.float32], look: CounterLook, rng: np.random.Generator) -> Picture:
    """One frame: blur of the lens, shot and read noise, JPEG."""
    frame = display
    if look.blur_px > 0.15:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), look.blur_px), np.float32)
    sigma = look.noise * np.sqrt(0.35 + frame / 196.0)
    # Sensor noise is demosaiced, so it is a little smooth.
    grain = cv2.GaussianBlur(rng.standard_normal(frame.shape, np.float32), (0, 0), 0.6) * 1.7
    noisy = np.clip(frame + grain * sigma, 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
