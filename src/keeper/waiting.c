/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/waiting.h"

#include "base/log.h"
#include "keeper/service.h"

void waiting_tell(struct service *service, const struct waiting_item *item, int64_t id)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);

	log_event(LOG_NOTICE, "waits_for_a_person", LOG_I("pending", id),
		LOG_S("kind", pending_kind_name(item->kind)), LOG_S("summary", item->summary));
	json_object_begin(&json);
	json_field_i64(&json, "id", id);
	json_field_str(&json, "kind", pending_kind_name(item->kind));
	json_field_str(&json, "subject", item->subject);
	json_field_str(&json, "summary", item->summary);
	json_object_end(&json);
	/* the members without their braces */
	service_event(service, "pending", str_from(text.data + 1, text.n - 2));
}

enum err waiting_raise(
	struct service *service, const struct waiting_item *item, int64_t *id, struct why *why)
{
	struct keeper *keeper = &service->keeper;
	bool is_new;

	TRY(db_begin(keeper->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
	TRY(pending_raise(keeper->db, item->kind, item->subject, item->summary, item->detail,
		clock_now_s(keeper->clock), id, &is_new, why));
	TRY(db_commit(open, why));
	if (is_new)
		waiting_tell(service, item, *id);
	return OK;
}
