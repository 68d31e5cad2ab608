/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pehra: the table of verbs. To read how a line of a feed becomes an answer, go on with feed/,
 * evidence/, score/, snapshot/ and answer/, in that order; docs/architecture.md names the
 * functions.
 */
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"

#include <signal.h>

#define DATA                                                                          \
	{                                                                             \
		"--data", "DIR", "data folder; else $PEHRA_DATA, else /var/lib/pehra" \
	}
#define JSON                                           \
	{                                              \
		"--json", NULL, "JSON instead of text" \
	}
#define CONFIG                                                      \
	{                                                           \
		"--config", "FILE", "settings; else DIR/pehra.conf" \
	}

#define TOKEN                                                      \
	{                                                          \
		"--token", "TOKEN", "act as it; else $PEHRA_TOKEN" \
	}
#define NOTE                                                     \
	{                                                        \
		"--note", "TEXT", "why, for those who ask later" \
	}

static const struct cli_option common_options[] = { DATA, CONFIG, JSON, { 0 } };
static const struct cli_option serve_options[] = { DATA, CONFIG,
	{ "--dns", "ADDR:PORT", "where DNS listens, instead of dns.listen" },
	{ "--http", "ADDR:PORT", "where HTTP listens, instead of http.listen" },
	{ "--store", "URL", "the database, instead of store.url" },
	{ "--sandbox", "MODE", "kill (the default), or report: name a forbidden call first" },
	{ "--single", NULL, "all roles in one process, without sandbox, for debugging" }, { 0 } };
static const struct cli_option list_options[] = { DATA, CONFIG, JSON,
	{ "--formats", NULL, "the formats that can be read, instead of the feeds" }, { 0 } };
static const struct cli_option import_options[] = { DATA, CONFIG, JSON,
	{ "--format", "F", "how it is written; auto finds out (the default)" },
	{ "--source", "S", "who claims it; else the file's name" },
	{ "--role", "R", "src, dst or policy; else the category's usual one" },
	{ "--category", "C", "what is claimed, such as brute-force" },
	{ "--tlp", "LABEL", "who may be told; clear" },
	{ "--kind", "K", "full-list (what it no longer names has ended) or additions" },
	{ "--threshold", "N", "ipsum: only what at least N lists name" },
	{ "--allow-special", NULL, "take private, reserved and documentation addresses too" },
	{ "--purpose", "P", "claims, guard or routes" },
	{ "--guard", "POLICY", "a guard list: note, ask or never" },
	{ "--standing", "S", "new, vouched or sensor" },
	{ "--accept", NULL, "take it even when it would be held for a person" }, TOKEN,
	{ "--no-build", NULL, "leave the snapshot as it is" }, { 0 } };
static const struct cli_option report_options[] = { DATA, CONFIG, JSON,
	{ "--source", "S", "who claims it" }, { "--category", "C", "what is claimed" },
	{ "--role", "R", "src, dst or policy" }, { "--tlp", "LABEL", "who may be told" },
	{ "--reference", "TEXT", "case number, malware name" }, { 0 } };
static const struct cli_option export_options[] = { DATA, CONFIG,
	{ "--source", "S", "the claims of this source, instead of the verdicts" },
	{ "--evidence", NULL, "the claims still made, instead of the verdicts" }, JSON, { 0 } };
static const struct cli_option token_options[] = { DATA, CONFIG, JSON,
	{ "--permissions", "WORDS", "read, report, operate, decide, admin, with commas; read" },
	{ "--tlp", "LABEL", "the strictest label it may see; clear" },
	{ "--days", "N", "until it ends; 365" }, { 0 } };
static const struct cli_option explain_options[] = { DATA, CONFIG, JSON,
	{ "--at", "TIME", "as it was known then: 2026-11-23, 2026-11-23T20:49:00Z" },
	{ "--model", "N", "with this model instead of the live one" },
	{ "--lang", "L", "en or ur" }, { "--plain", NULL, "a few sentences, no numbers" }, { 0 } };
static const struct cli_option change_options_rows[] = { DATA, CONFIG, JSON, TOKEN, { 0 } };
static const struct cli_option note_options[] = { DATA, CONFIG, JSON, TOKEN, NOTE, { 0 } };
static const struct cli_option override_options[] = { DATA, CONFIG, JSON, TOKEN,
	{ "--allow", NULL, "it is never blocked" }, { "--block", NULL, "it is blocked" },
	{ "--owner", "WHO", "who answers for it" }, { "--reason", "TEXT", "why" },
	{ "--days", "N", "until it ends" }, { "--until", "TIME", "when it ends" }, { 0 } };
static const struct cli_option policy_options[] = { DATA, CONFIG, JSON, TOKEN, NOTE,
	{ "--name", "NAME", "the audience; default makes the actions" }, { 0 } };
static const struct cli_option try_options[] = { DATA, CONFIG, JSON, TOKEN,
	{ "--name", "NAME", "the audience; default makes the actions" }, { 0 } };
static const struct cli_option refit_options[] = { DATA, CONFIG, JSON, TOKEN,
	{ "--decay", NULL, "learn anew how fast claims fade, too" }, { 0 } };
static const struct cli_option pending_options[] = { DATA, CONFIG, JSON,
	{ "--all", NULL, "also what was decided" },
	{ "--kind", "K", "feed, override, model or guard alone" }, { 0 } };
static const struct cli_option approve_options[] = { DATA, CONFIG, JSON, TOKEN, NOTE,
	{ "--owner", "WHO", "guard: who answers for listing it" },
	{ "--days", "N", "guard: until that ends" }, { 0 } };
static const struct cli_option source_options[] = { DATA, CONFIG, JSON, TOKEN,
	{ "--standing", "S", "new, vouched or sensor" },
	{ "--weight", "W", "log-odds that a fresh claim adds, until proven" },
	{ "--family", "F", "sources that copy each other" },
	{ "--traits", "T,...", "of spoofable, critical, cloud, shared" }, { 0 } };
static const struct cli_option audit_options[] = { DATA, CONFIG, JSON,
	{ "--after", "N", "entries behind this number" }, { 0 } };
static const struct cli_option no_options[] = { { 0 } };

static int verb_help(const struct cli_arguments *arguments);
static int verb_version(const struct cli_arguments *arguments);

static const struct cli_verb verbs[] = {
	{ "init", "", "make a data folder", 0, 0, common_options, verb_init },
	{ "serve", "", "run the server", 0, 0, serve_options, verb_serve },
	{ "check", "WHAT...|-", "what is known of addresses, prefixes, names, URLs", 1,
		CLI_OPERANDS_MAX, common_options, verb_check },
	{ "explain", "WHAT", "why it has its score", 1, 1, explain_options, verb_explain },
	{ "report", "WHAT", "claim something of an address, name or URL", 1, 1, report_options,
		verb_report },
	{ "feed list", "", "the catalogue of feeds", 0, 0, list_options, verb_feed_list },
	{ "feed status", "[NAME]", "how the sources fare", 0, 1, common_options, verb_feed_status },
	{ "feed run", "[NAME...]", "fetch feeds now; all that are on when none is named", 0,
		CLI_OPERANDS_MAX, common_options, verb_feed_run },
	{ "feed import", "FILE...|-", "read files as a source's list", 1, CLI_OPERANDS_MAX,
		import_options, verb_feed_import },
	{ "snapshot build", "", "score everything and build a snapshot now", 0, 0, common_options,
		verb_snapshot_build },
	{ "snapshot info", "", "what the snapshot holds", 0, 0, common_options,
		verb_snapshot_info },
	{ "snapshot verify", "[FILE]", "check the checksums and the signature", 0, 1,
		common_options, verb_snapshot_verify },
	{ "snapshot export", "", "the verdicts, or the claims behind them, one a line", 0, 0,
		export_options, verb_snapshot_export },
	{ "override add", "WHAT", "allow or block it, whatever its score", 1, 1, override_options,
		verb_override_add },
	{ "override list", "", "what people allow and block", 0, 0, common_options,
		verb_override_list },
	{ "override show", "ID", "one of them", 1, 1, common_options, verb_override_show },
	{ "override approve", "ID", "as the second person, agree", 1, 1, note_options,
		verb_override_approve },
	{ "override refuse", "ID", "as the second person, do not", 1, 1, note_options,
		verb_override_refuse },
	{ "override revoke", "ID", "end it now", 1, 1, change_options_rows, verb_override_revoke },
	{ "policy list", "[NAME]", "how scores become verdicts: all versions", 0, 1, common_options,
		verb_policy_list },
	{ "policy show", "[ID|NAME]", "the live one, or one of them", 0, 1, common_options,
		verb_policy_show },
	{ "policy add", "FILE|-", "keep a version; it is not live yet", 1, 1, policy_options,
		verb_policy_add },
	{ "policy try", "ID|FILE", "what it would change", 1, 1, try_options, verb_policy_try },
	{ "policy live", "ID", "make it the one of its name", 1, 1, note_options,
		verb_policy_live },
	{ "model list", "", "what was learned: all versions", 0, 0, common_options,
		verb_model_list },
	{ "model show", "[VERSION]", "the live one, or one of them", 0, 1, common_options,
		verb_model_show },
	{ "model refit", "", "learn a model now", 0, 0, refit_options, verb_model_refit },
	{ "model try", "VERSION", "what it would change", 1, 1, change_options_rows,
		verb_model_try },
	{ "model live", "VERSION", "score with it from now on", 1, 1, note_options,
		verb_model_live },
	{ "pending list", "", "what waits for a person", 0, 0, pending_options, verb_pending_list },
	{ "pending show", "ID", "one of them", 1, 1, common_options, verb_pending_show },
	{ "pending approve", "ID", "let it happen", 1, 1, approve_options, verb_pending_approve },
	{ "pending dismiss", "ID", "do not", 1, 1, note_options, verb_pending_dismiss },
	{ "guard list", "", "the lists of what must not be blocked by mistake", 0, 0,
		common_options, verb_guard_list },
	{ "guard check", "WHAT", "which guards and overrides hold it", 1, 1, common_options,
		verb_guard_check },
	{ "source list", "", "how far who claims is trusted", 0, 0, common_options,
		verb_source_list },
	{ "source set", "NAME", "declare what is known of it", 1, 1, source_options,
		verb_source_set },
	{ "token add", "OWNER", "make an API token", 1, 1, token_options, verb_token_add },
	{ "token list", "", "the API tokens", 0, 0, common_options, verb_token_list },
	{ "token revoke", "ID", "end an API token", 1, 1, common_options, verb_token_revoke },
	{ "audit show", "", "who asked for what", 0, 0, audit_options, verb_audit_show },
	{ "audit verify", "", "whether the audit trail holds", 0, 0, common_options,
		verb_audit_verify },
	{ "config get", "KEY", "a setting", 1, 1, common_options, verb_config_get },
	{ "config list", "", "all settings", 0, 0, common_options, verb_config_list },
	{ "help", "[VERB...]", "this list, or one verb's options", 0, CLI_OPTIONS_MAX, no_options,
		verb_help },
	{ "version", "", "the version", 0, 0, no_options, verb_version },
};

static int verb_version(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };

	buf_fmt(&out, "pehra " PEHRA_VERSION "\n");
	return cli_print(arguments, &out, CLI_OK);
}

/* Do the words that were given begin the verb's own? */
static bool is_asked(const struct cli_verb *verb, const struct cli_arguments *arguments)
{
	struct str rest = str_c(verb->words);

	for (size_t i = 0; i < arguments->operand_count; i++) {
		if (rest.p == NULL || !str_eq(str_split(&rest, ' '), str_c(arguments->operands[i])))
			return false;
	}
	return true;
}

static int verb_help(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (arguments->operand_count > 0 && is_asked(&verbs[i], arguments)) {
			cli_usage(&out, &verbs[i]);
		} else if (arguments->operand_count == 0) {
			CLEANUP(buf_done) struct buf line = { 0 };

			buf_fmt(&line, "pehra %s %s", verbs[i].words, verbs[i].operands);
			cli_pad(&out, buf_view(&line), 32);
			buf_fmt(&out, "%s\n", verbs[i].summary);
		}
	}
	if (out.n == 0) {
		struct why why = { 0 };

		why_set(&why, ERR_USAGE, 0, "no such verb; `pehra help` lists them");
		return cli_fail(arguments, &why);
	}
	return cli_print(arguments, &out, CLI_OK);
}

int main(int argc, char **argv)
{
	struct cli_arguments arguments = { 0 };
	struct why why = { 0 };

	/* a reader that went away is an error like others, never the end by a signal */
	must(sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == 0);
	if (role_is_asked(argc, argv))
		return role_run(argc, argv, server_roles, server_role_count);
	if (cli_parse(verbs, ARRAY_LEN(verbs), argc, argv, &arguments, &why) != OK)
		return cli_fail(&arguments, &why);
	return arguments.verb->run(&arguments);
}
