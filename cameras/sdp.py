"""Which video codec a camera offers, read from its session description (RFC 8866).

Pure: text in, codec name out. Only the first video stream counts; audio and metadata are ignored.
"""

# What OpenCV's bundled FFmpeg decodes from RTP; the rest is refused with the reason `codec`.
READABLE_CODECS = frozenset(
    {"H264", "H265", "JPEG", "MP4V-ES", "VP8", "VP9", "AV1", "MPV", "THEORA", "H263-1998"}
)
# Static payload types of RFC 3551 that need no rtpmap line.
STATIC_PAYLOADS = {"26": "JPEG", "32": "MPV", "31": "H261", "34": "H263"}


def video_codec(sdp: str) -> str | None:
    """Upper-case codec name of the first video stream; None if there is none."""
    payload: str | None = None
    for line in sdp.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            if payload is not None:
                break
            words = line[2:].split()
            payload = words[3] if words[:1] == ["video"] and len(words) > 3 else None
        elif payload is not None and line.startswith(f"a=rtpmap:{payload} "):
            return line.split(" ", 1)[1].split("/")[0].strip().upper()
    return None if payload is None else STATIC_PAYLOADS.get(payload, f"PAYLOAD-{payload}")
