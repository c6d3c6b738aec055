// Line icons on a 24 px grid, drawn for this project. Decorative unless a label is given.

const PATHS = {
  add: "M12 5v14M5 12h14",
  allergen: "M12 21c-5 0-8-3.5-8-8 0-5.5 5-10 8-10s8 4.5 8 10c0 4.5-3 8-8 8ZM9 11h.01M14 9h.01M13 15h.01",
  back: "M15 5l-7 7 7 7",
  barcode: "M4 6v12M7.5 6v12M11 6v12M13.5 6v12M17 6v12M20 6v12",
  basket: "M4 10h16l-1.6 8.200a2 2 0 0 1-2 1.8H7.6a2 2 0 0 1-2-1.8ZM8 10l3-6M16 10l-3-6",
  camera_off: "M3 3l18 18M9.5 6H14l1.5 2H19a1.5 1.5 0 0 1 1.5 1.5v7M5.5 8H5a1.5 1.5 0 0 0-1.5 1.5v8A1.5 1.5 0 0 0 5 19h11M9.200 11.300a3.5 3.5 0 0 0 4.900 4.900",
  card: "M4.5 6h15A1.5 1.5 0 0 1 21 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 16.5v-9A1.5 1.5 0 0 1 4.5 6ZM3 10h18M7 14.5h3",
  check: "M5 12.5l4.700 4.5L19 7.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11M7.5 11l4.5 4.5L16.5 11M5 20h14",
  erase: "M9 6h11v12H9L3.5 12ZM12.5 9.5l5 5M17.5 9.5l-5 5",
  eye: "M2.5 12C5.5 7.5 8.700 5.5 12 5.5s6.5 2 9.5 6.5c-3 4.5-6.200 6.5-9.5 6.5s-6.5-2-9.5-6.5ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3.5 12h17M12 3c5 5.5 5 12.5 0 18M12 3c-5 5.5-5 12.5 0 18",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.5 9.5a2.5 2.5 0 1 1 3.800 2.100c-.9.5-1.300 1-1.300 1.900M12 16.700v.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.5v.01",
  keyboard_hide: "M4 5h16v9H4ZM8 11h8M9 18l3 3 3-3",
  lock: "M6 11h12v9H6ZM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  minus: "M5 12h14",
  person: "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 3.5-6 7.5-6s6.900 2 7.5 6",
  print: "M7 9V4h10v5M7 17H4.5V9h15v8H17M7 14h10v6H7Z",
  question: "M8.5 8.5a3.5 3.5 0 1 1 5.300 3c-1.300.8-1.8 1.5-1.8 3M12 18.700v.01",
  reach: "M12 3v12M7 10l5 5 5-5M4 20h16",
  refresh: "M19.5 12a7.5 7.5 0 1 1-2.200-5.300L20 9.5M20 4.5v5h-5",
  scale: "M5 20h14l-1.5-9h-11ZM12 11V8M8 4h8l-1 4H9Z",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5L20.5 20.5",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4.200 4.200 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  swap: "M4 8h14l-3.5-3.5M20 16H6l3.5 3.5",
  text: "M3.5 18L8.5 6l5 12M5.200 14h6.600M15 18l3-7.5L21 18M16 15.800h4",
  theme: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 3v18M12 8h6.5M12 12h8.5M12 16h6.5",
  trash: "M5 7h14M10 7V4.5h4V7M6.5 7l1 13h9l1-13M10.5 11v5.5M13.5 11v5.5",
  tray: "M4 13h16v5.5A1.5 1.5 0 0 1 18.5 20h-13A1.5 1.5 0 0 1 4 18.5ZM12 3v7M9 7l3 3 3-3",
  warning: "M12 4l9 16H3ZM12 10v4.5M12 17.200v.01",
  wifi_off: "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.400M2.5 9.200A14 14 0 0 1 7 6.400M19 12.5a10 10 0 0 0-3.5-2.200M21.5 9.200A14 14 0 0 0 11 5.5M8.5 16a5 5 0 0 1 6.5-.4M12 19.5v.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label, size = "1.5em" }: { name: IconName; label?: string; size?: string }) {
  const named = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true };
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} {...named}>
      <path d={PATHS[name]} />
    </svg>
  );
}
