/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/audit: who asked for what, oldest first. */
#include "web/handlers.h"
#include "web/request.h"

#include "base/clock.h"
#include "store/audit.h"

enum { AUDIT_LIMIT = 100 };

struct writing {
	struct json_writer json;
	int64_t last;
	uint64_t n;
};

static enum err write_entry(void *state, const struct audit_entry *entry, struct why *why)
{
	struct writing *to = state;
	CLEANUP(buf_done) struct buf text = { 0 };

	(void)why;
	json_object_begin(&to->json);
	json_field_i64(&to->json, "sequence", entry->sequence);
	time_format(&text, entry->time_s);
	json_field_str(&to->json, "time", buf_view(&text));
	json_field_str(&to->json, "actor", entry->actor);
	json_field_str(&to->json, "action", entry->action);
	json_field_str(&to->json, "subject", entry->subject);
	json_field_str(&to->json, "detail", entry->detail);
	buf_clear(&text);
	buf_hex(&text, entry->hash, sizeof entry->hash);
	json_field_str(&to->json, "hash", buf_view(&text));
	json_object_end(&to->json);
	to->last = entry->sequence;
	to->n++;
	return OK;
}

enum err serve_audit(struct request *request, struct why *why)
{
	int64_t after = request_number(request, "after", 0);
	int64_t limit = request_number(request, "limit", AUDIT_LIMIT);
	struct writing to = { .json = response_json(request) };

	json_object_begin(&to.json);
	json_key(&to.json, "rows");
	json_array_begin(&to.json);
	TRY(audit_read(request->lane->db, after, (uint64_t)limit, write_entry, &to, why));
	json_array_end(&to.json);
	json_key(&to.json, "next_after");
	if (to.n < (uint64_t)limit)
		json_put_null(&to.json);
	else
		json_put_i64(&to.json, to.last);
	json_object_end(&to.json);
	return OK;
}
