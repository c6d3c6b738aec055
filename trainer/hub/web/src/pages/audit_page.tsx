// Everything people and boxes changed, newest first.

import { AuditList } from "../parts/audit_list.tsx";
import { Page } from "../parts/page.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { place } from "../router.ts";
import { t } from "../texts.ts";

export function AuditPage() {
  const { query } = place.value;
  return (
    <Page title={t("nav_audit")} note={t("audit_note")}>
      <div class="tools">
        <SearchField name="subject" label={t("audit_subject")} />
        <SearchField name="actor" label={t("audit_actor")} />
      </div>
      <AuditList subject={query.get("subject") ?? ""} actor={query.get("actor") ?? ""} />
    </Page>
  );
}
