// A photo by this device's own camera; the picture goes to the hub and nowhere else.

import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { t } from "../texts.ts";

const WISH: MediaStreamConstraints = {
  video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
};
const JPEG_QUALITY = 0.92;

interface Props {
  title: string;
  onTaken: (picture: Blob) => void;
  onClose: () => void;
}

export function CameraSheet({ title, onTaken, onClose }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let stream: MediaStream | undefined;
    let isClosed = false;
    navigator.mediaDevices.getUserMedia(WISH).then(
      (opened) => {
        stream = opened;
        if (isClosed || !video.current) return stop(opened);
        video.current.srcObject = opened;
        return undefined;
      },
      () => setFault(t("no_camera_here")),
    );
    return () => {
      isClosed = true;
      if (stream) stop(stream);
    };
  }, []);

  function take(): void {
    const seen = video.current;
    if (!seen?.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = seen.videoWidth;
    canvas.height = seen.videoHeight;
    canvas.getContext("2d")?.drawImage(seen, 0, 0);
    canvas.toBlob((picture) => picture && onTaken(picture), "image/jpeg", JPEG_QUALITY);
  }

  return (
    <Sheet title={title} closeLabel={t("close")} onClose={onClose} size="large">
      {fault ? <p class="fault">{fault}</p> : <video ref={video} class="viewfinder" autoplay playsInline muted />}
      <p class="hint">{t("camera_hint")}</p>
      <Button kind="main" size="big" icon="camera" blocked={Boolean(fault)} onPress={take}>
        {t("take_photo")}
      </Button>
    </Sheet>
  );
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
