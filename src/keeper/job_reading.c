/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parse role says of a reading, and what guards made of it. */
#include "feed/report_json.h"
#include "keeper/job_int.h"
#include "keeper/service.h"

/* Parse ended a job by saying why the document is no good: what was merged stays, nothing ends. */
static void job_refused(struct service *service, struct job *job, const struct why *outcome)
{
	struct why why = *outcome;

	why.code = ERR_SYNTAX;
	job_fail(service, job, &why);
}

bool job_report_read(struct service *service, struct job *job, struct json_reader *reader,
	struct str text, struct feed_report *out)
{
	struct json_node root;
	struct why outcome;
	struct why why;

	if (json_parse(reader, text, &root, &why) != OK ||
		feed_report_read(root, out, &outcome, &why) != OK) {
		job_fail(service, job, &why);
		return false;
	}
	if (outcome.code != OK)
		job_refused(service, job, &outcome);
	return outcome.code == OK;
}

void job_report_add_guarded(struct feed_report *report, const struct guarded *guarded)
{
	CLEANUP(buf_done) struct buf sample = { 0 };

	/* claims that a batch merged are one here: the difference never passes the whole */
	report->accepted -= guarded->never < report->accepted ? guarded->never : report->accepted;
	for (size_t i = 0; i < guarded->list_count; i++) {
		const struct guarded_list *list = &guarded->lists[i];

		if (list->policy != GUARD_NEVER)
			continue;
		buf_clear(&sample);
		buf_fmt(&sample, "%s (%s)", list->sample, list->name);
		feed_report_refuse(report, REFUSED_GUARDED, 0, buf_view(&sample));
	}
	report->refused[REFUSED_GUARDED] = guarded->never;
}

static void refusal_put(struct import_reading *out, struct import_refusal *refusals,
	struct str reason, uint64_t count, uint64_t line, struct str sample)
{
	refusals[out->refusal_count++] = (struct import_refusal){
		.reason = reason, .count = count, .line = line, .sample = sample
	};
	out->refused += count;
}

static void guarded_put(struct import_reading *out, struct import_refusal *refusals,
	const struct guarded *guarded, struct arena *arena)
{
	uint64_t named = 0;

	for (size_t i = 0; i < guarded->list_count; i++) {
		const struct guarded_list *list = &guarded->lists[i];

		if (list->policy != GUARD_NEVER)
			continue;
		named += list->count;
		refusal_put(out, refusals, arena_fmt(arena, "guarded: %s (never)", list->name),
			list->count, 0, str_c(list->sample));
	}
	if (guarded->never > named)
		refusal_put(out, refusals, STR("guarded: other lists (never)"),
			guarded->never - named, 0, STR(""));
}

void job_reading_of(const struct feed_report *report, const struct guarded *guarded,
	struct arena *arena, struct import_reading *out)
{
	struct import_refusal *refusals =
		arena_array(arena, REFUSAL_COUNT + GUARDED_LISTS_MAX + 1, sizeof *refusals);

	*out = (struct import_reading){ .lines = report->lines,
		.accepted = report->accepted -
			    (guarded->never < report->accepted ? guarded->never : report->accepted),
		.format = report->format,
		.refusals = refusals };
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		const struct feed_sample *sample = &report->samples[i];

		if (report->refused[i] != 0)
			refusal_put(out, refusals, refusal_info((enum refusal)i)->word,
				report->refused[i], sample->line,
				str_from(sample->text, sample->n));
	}
	guarded_put(out, refusals, guarded, arena);
}
