/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each command does; called by command.c alone, after permission and audit trail. */
#pragma once

#include "keeper/command.h"

enum err handle_report(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_feed_run(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_feed_import(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_snapshot_build(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_retention_run(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_token_add(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_token_revoke(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_status(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_override_add(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_override_approve(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_override_refuse(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_override_revoke(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_policy_add(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_policy_live(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_policy_try(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_model_try(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_model_refit(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_model_live(struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_pending_approve(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_pending_dismiss(
	struct command_call *call, struct json_writer *result, struct why *why);
enum err handle_source_set(struct command_call *call, struct json_writer *result, struct why *why);
