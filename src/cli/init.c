/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra init, serve, config. */
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"

int verb_init(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct config config;
	struct why why = { 0 };
	enum err err = server_config(&config, arguments, &why);

	if (err == OK)
		err = server_prepare(cli_data(arguments), &config, &why);
	config_done(&config);
	if (err != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json")) {
		struct json_writer json = json_writer_on(&out);

		json_object_begin(&json);
		json_field_str(&json, "data", str_c(cli_data(arguments)));
		json_object_end(&json);
		json_line_end(&json);
		return cli_print(arguments, &out, CLI_OK);
	}
	buf_fmt(&out,
		"%s is ready. Next: pehra feed import --data %s FILE, then pehra check --data %s "
		"ADDRESS\n",
		cli_data(arguments), cli_data(arguments), cli_data(arguments));
	return cli_print(arguments, &out, CLI_OK);
}

int verb_serve(const struct cli_arguments *arguments)
{
	struct why why = { 0 };

	if (server_run(arguments, &why) != OK)
		return cli_fail(arguments, &why);
	return CLI_OK;
}

int verb_config_get(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct config config;
	struct why why = { 0 };
	enum err err = server_config(&config, arguments, &why);

	if (err == OK)
		err = config_get_text(&config, arguments->operands[0], &out, &why);
	config_done(&config);
	if (err != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json")) {
		CLEANUP(buf_done) struct buf text = { 0 };
		struct json_writer json = json_writer_on(&text);

		json_object_begin(&json);
		json_key(&json, arguments->operands[0]);
		json_put_str(&json, buf_view(&out));
		json_object_end(&json);
		json_line_end(&json);
		return cli_print(arguments, &text, CLI_OK);
	}
	buf_byte(&out, '\n');
	return cli_print(arguments, &out, CLI_OK);
}

int verb_config_list(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(buf_done) struct buf value = { 0 };
	struct json_writer json = json_writer_on(&out);
	bool is_json = cli_has(arguments, "--json");
	const struct config_row *rows;
	size_t n = config_rows(&rows);
	struct config config;
	struct why why = { 0 };
	enum err err = server_config(&config, arguments, &why);

	if (is_json)
		json_object_begin(&json);
	for (size_t i = 0; err == OK && i < n; i++) {
		buf_clear(&value);
		err = config_get_text(&config, rows[i].key, &value, &why);
		if (is_json) {
			json_field_str(&json, rows[i].key, buf_view(&value));
			continue;
		}
		cli_pad(&out, str_c(rows[i].key), 20);
		buf_fmt(&out, " %.*s\n", STR_FMT(buf_view(&value)));
	}
	if (is_json) {
		json_object_end(&json);
		json_line_end(&json);
	}
	config_done(&config);
	if (err != OK)
		return cli_fail(arguments, &why);
	return cli_print(arguments, &out, CLI_OK);
}
