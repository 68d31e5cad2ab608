/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra snapshot build, info, verify. */
#include "base/clock.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "keeper/keeper.h"
#include "snapshot/open.h"

int verb_snapshot_build(const struct cli_arguments *arguments)
{
	CLEANUP(session_close) struct session session = { .channel = CHANNEL_CLOSED };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_node result;
	struct why why = { 0 };
	uint64_t numbers[4] = { 0 };
	static const char *const keys[] = { "generation", "ipv4", "ipv6", "texts" };

	if (session_open(&session, arguments, 0, &why) != OK ||
		session_command(
			&session, "snapshot.build", STR("{}"), -1, NULL, NULL, &result, &why) != OK)
		return cli_fail(arguments, &why);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		(void)!json_u64(json_get(result, keys[i]), &numbers[i]);
	if (cli_has(arguments, "--json")) {
		struct json_writer json = json_writer_on(&out);

		json_object_begin(&json);
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			json_field_u64(&json, keys[i], numbers[i]);
		json_object_end(&json);
		json_line_end(&json);
	} else {
		buf_fmt(&out, "generation %llu: %llu IPv4, %llu IPv6, %llu names and URLs\n",
			(unsigned long long)numbers[0], (unsigned long long)numbers[1],
			(unsigned long long)numbers[2], (unsigned long long)numbers[3]);
	}
	return cli_print(arguments, &out, CLI_OK);
}

static void put_info_json(struct buf *out, const struct pehra_info *info)
{
	struct json_writer json = json_writer_on(out);
	CLEANUP(buf_done) struct buf time = { 0 };

	time_format(&time, info->created_s);
	json_object_begin(&json);
	json_field_u64(&json, "generation", info->generation);
	json_field_str(&json, "created", buf_view(&time));
	json_field_bool(&json, "live", info->is_live != 0);
	json_field_u64(&json, "changes", info->changes);
	json_field_u64(&json, "ipv4", info->ipv4_entries);
	json_field_u64(&json, "ipv6", info->ipv6_entries);
	json_field_u64(&json, "texts", info->name_entries);
	json_field_u64(&json, "verdicts", info->verdicts);
	json_field_u64(&json, "bytes", info->file_bytes);
	json_object_end(&json);
	json_line_end(&json);
}

static void put_info_text(struct buf *out, const struct pehra_info *info)
{
	int64_t age_s = clock_now_s(NULL) - info->created_s;

	buf_fmt(out, "generation %llu, made ", (unsigned long long)info->generation);
	time_format(out, info->created_s);
	buf_fmt(out, " (%lld s ago), %llu changes since\n", (long long)age_s,
		(unsigned long long)info->changes);
	cli_number(out, info->ipv4_entries);
	buf_fmt(out, " IPv4 entries, ");
	cli_number(out, info->ipv6_entries);
	buf_fmt(out, " IPv6 entries, ");
	cli_number(out, info->name_entries);
	buf_fmt(out, " names and URLs, ");
	cli_number(out, info->verdicts);
	buf_fmt(out, " verdicts, ");
	cli_number(out, info->file_bytes);
	buf_fmt(out, " bytes\n");
}

int verb_snapshot_info(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct pehra *snapshot = NULL;
	struct pehra_info info;
	struct why why = { 0 };

	if (snapshot_open_data(cli_data(arguments), &snapshot, &why) != OK)
		return cli_fail(arguments, &why);
	pehra_info(snapshot, &info);
	pehra_close(snapshot);
	(cli_has(arguments, "--json") ? put_info_json : put_info_text)(&out, &info);
	return cli_print(arguments, &out, CLI_OK);
}

int verb_snapshot_verify(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf folder = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	uint8_t public_key[32];
	struct why why = { 0 };
	enum err err;

	err = snapshot_public_key_load(
		keeper_path(&folder, cli_data(arguments), KEEPER_KEYS_FOLDER), public_key, &why);
	if (err == OK && arguments->operand_count > 0)
		err = snapshot_verify(arguments->operands[0], public_key, &why);
	else if (err == OK)
		err = snapshot_verify(keeper_path(&path, cli_data(arguments), SNAPSHOT_GENERATION),
			public_key, &why);
	if (err != OK && err != ERR_CORRUPT)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json")) {
		struct json_writer json = json_writer_on(&out);

		json_object_begin(&json);
		json_field_bool(&json, "holds", err == OK);
		if (err != OK)
			json_field_str(&json, "why", str_c(why.text));
		json_object_end(&json);
		json_line_end(&json);
		return cli_print(arguments, &out, err == OK ? CLI_OK : CLI_SOME);
	}
	if (err != OK) {
		(void)cli_fail(arguments, &why);
		return CLI_SOME;
	}
	buf_fmt(&out, "checksums and signature hold\n");
	return cli_print(arguments, &out, CLI_OK);
}
