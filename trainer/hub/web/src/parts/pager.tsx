// Which part of a long list is shown, and the way to the next.

import { Button } from "@tillsight/web-shared/button.tsx";
import { setQuery } from "../router.ts";
import { t } from "../texts.ts";

export function Pager({ total, offset, limit }: { total: number; offset: number; limit: number }) {
  if (total <= limit && offset === 0) return null;
  const last = Math.min(offset + limit, total);
  const turn = (to: number) => {
    setQuery({ offset: to > 0 ? String(to) : "" });
    window.scrollTo(0, 0);
  };
  return (
    <nav class="row-end" aria-label={t("pages")}>
      <span class="hint">{t("shown_of", { from: offset + 1, to: last, total })}</span>
      <Button icon="back" blocked={offset === 0} onPress={() => offset > 0 && turn(offset - limit)} label={t("page_before")}>
        {t("before")}
      </Button>
      <Button icon="forward" blocked={last >= total} onPress={() => last < total && turn(offset + limit)} label={t("page_next")}>
        {t("next")}
      </Button>
    </nav>
  );
}
