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
int verb_override_add(const struct cli_arguments *arguments);
int verb_override_list(const struct cli_arguments *arguments);
int verb_override_show(const struct cli_arguments *arguments);
int verb_override_approve(const struct cli_arguments *arguments);
int verb_override_refuse(const struct cli_arguments *arguments);
int verb_override_revoke(const struct cli_arguments *arguments);
int verb_policy_list(const struct cli_arguments *arguments);
int verb_policy_show(const struct cli_arguments *arguments);
int verb_policy_add(const struct cli_arguments *arguments);
int verb_policy_try(const struct cli_arguments *arguments);
int verb_policy_live(const struct cli_arguments *arguments);
int verb_model_list(const struct cli_arguments *arguments);
int verb_model_show(const struct cli_arguments *arguments);
int verb_model_refit(const struct cli_arguments *arguments);
int verb_model_try(const struct cli_arguments *arguments);
int verb_model_live(const struct cli_arguments *arguments);
int verb_pending_list(const struct cli_arguments *arguments);
int verb_pending_show(const struct cli_arguments *arguments);
int verb_pending_approve(const struct cli_arguments *arguments);
int verb_pending_dismiss(const struct cli_arguments *arguments);
int verb_guard_check(const struct cli_arguments *arguments);
int verb_guard_list(const struct cli_arguments *arguments);
int verb_source_set(const struct cli_arguments *arguments);
int verb_source_list(const struct cli_arguments *arguments);
