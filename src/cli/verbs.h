/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each verb's file offers to the table in main.c. */
#pragma once

#include "cli/arguments.h"

int verb_init(const struct cli_arguments *arguments);
int verb_serve(const struct cli_arguments *arguments);
int verb_check(const struct cli_arguments *arguments);
int verb_explain(const struct cli_arguments *arguments);
int verb_feed_list(const struct cli_arguments *arguments);
int verb_feed_status(const struct cli_arguments *arguments);
int verb_feed_run(const struct cli_arguments *arguments);
int verb_feed_import(const struct cli_arguments *arguments);
int verb_report(const struct cli_arguments *arguments);
int verb_snapshot_build(const struct cli_arguments *arguments);
int verb_snapshot_info(const struct cli_arguments *arguments);
int verb_snapshot_verify(const struct cli_arguments *arguments);
int verb_snapshot_export(const struct cli_arguments *arguments);
int verb_token_add(const struct cli_arguments *arguments);
int verb_token_list(const struct cli_arguments *arguments);
int verb_token_revoke(const struct cli_arguments *arguments);
int verb_audit_show(const struct cli_arguments *arguments);
int verb_audit_verify(const struct cli_arguments *arguments);
int verb_config_get(const struct cli_arguments *arguments);
int verb_config_list(const struct cli_arguments *arguments);
