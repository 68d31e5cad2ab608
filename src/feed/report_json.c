/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/report_json.h"

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{ "lines", offsetof(struct feed_report, lines) },
	{ "comments", offsetof(struct feed_report, comments) },
	{ "accepted", offsetof(struct feed_report, accepted) },
	{ "rows", offsetof(struct feed_report, rows) },
	{ "duplicates", offsetof(struct feed_report, duplicates) },
	{ "times_unread", offsetof(struct feed_report, times_unread) },
	{ "documents", offsetof(struct feed_report, documents) },
	{ "plain_bytes", offsetof(struct feed_report, plain_bytes) },
};

static void write_refusals(struct json_writer *json, const struct feed_report *report)
{
	json_key(json, "refusals");
	json_array_begin(json);
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		const struct refusal_info *info = refusal_info((enum refusal)i);
		const struct feed_sample *sample = &report->samples[i];

		if (report->refused[i] == 0)
			continue;
		json_object_begin(json);
		json_field_str(json, "reason", info->word);
		json_field_str(json, "text", info->text);
		json_field_u64(json, "count", report->refused[i]);
		json_field_u64(json, "line", sample->line);
		json_field_str(json, "sample", str_from(sample->text, sample->n));
		json_object_end(json);
	}
	json_array_end(json);
}

void feed_report_write(
	struct json_writer *json, const struct feed_report *report, const struct why *outcome)
{
	json_object_begin(json);
	json_field_bool(json, "ok", outcome == NULL);
	if (outcome != NULL) {
		json_field_str(json, "error", str_c(err_word(outcome->code)));
		json_field_str(json, "why", str_c(outcome->text));
		json_field_u64(json, "line", outcome->line);
	}
	json_field_str(json, "format", report->format);
	json_field_str(json, "compression", report->compression);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint64_t value;

		memcpy(&value, (const char *)report + numbers[i].offset, sizeof value);
		json_field_u64(json, numbers[i].key, value);
	}
	json_field_u64(json, "refused", feed_report_refused(report));
	write_refusals(json, report);
	json_object_end(json);
}

static bool refusal_from_word(struct str word, enum refusal *out)
{
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		if (str_eq(word, refusal_info((enum refusal)i)->word)) {
			*out = (enum refusal)i;
			return true;
		}
	}
	return false;
}

static void read_refusal(struct json_node node, struct feed_report *out)
{
	struct str text = STR("");
	enum refusal refusal;

	if (!json_str(json_get(node, "reason"), &text) || !refusal_from_word(text, &refusal))
		return;

	struct feed_sample *sample = &out->samples[refusal];

	(void)!json_u64(json_get(node, "count"), &out->refused[refusal]);
	(void)!json_u64(json_get(node, "line"), &sample->line);
	if (json_str(json_get(node, "sample"), &text)) {
		text = str_first(text, FEED_SAMPLE_MAX);
		memcpy(sample->text, text.p, text.n);
		sample->n = (uint8_t)text.n;
	}
}

static void read_outcome(struct json_node node, struct why *out)
{
	struct str text;

	*out = (struct why){ .code = ERR_SYNTAX };
	if (json_str(json_get(node, "error"), &text)) {
		for (int i = 0; i < ERR_COUNT; i++)
			if (i != OK && str_eq(text, str_c(err_word((enum err)i))))
				out->code = (enum err)i;
	}
	if (json_str(json_get(node, "why"), &text))
		(void)snprintf(out->text, sizeof out->text, "%.*s",
			STR_FMT(str_first(text, sizeof out->text - 1)));
	(void)!json_u64(json_get(node, "line"), &out->line);
}

enum err feed_report_read(
	struct json_node node, struct feed_report *out, struct why *outcome, struct why *why)
{
	struct json_iterator it = json_each(json_get(node, "refusals"));
	struct json_node refusal;
	struct json_node ok;
	bool is_ok = false;

	*out = (struct feed_report){ .format = STR(""), .compression = STR("") };
	TRY(json_need(node, "ok", JSON_BOOL, &ok, why));
	if (json_bool(ok, &is_ok) && is_ok)
		*outcome = (struct why){ .code = OK };
	else
		read_outcome(node, outcome);
	(void)!json_str(json_get(node, "format"), &out->format);
	(void)!json_str(json_get(node, "compression"), &out->compression);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint64_t value = 0;

		(void)!json_u64(json_get(node, numbers[i].key), &value);
		memcpy((char *)out + numbers[i].offset, &value, sizeof value);
	}
	while (json_next(&it, &refusal))
		read_refusal(refusal, out);
	return OK;
}
