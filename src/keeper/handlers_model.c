/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a policy or a model would change, and learning: commands that a task answers later. */
#include "base/json_copy.h"
#include "keeper/handlers.h"
#include "keeper/impact.h"
#include "keeper/refit.h"
#include "keeper/service.h"

static enum err defer(struct command_call *call, struct task *task, struct why *why)
{
	task->asker = call->asker;
	task->asker_id = call->id;
	TRY(task_add(call->service, task, why));
	call->is_deferred = true;
	return OK;
}

static void answered(
	struct service *service, struct task *task, const struct str *result, const struct why *why)
{
	task_answer(service, task, result, why);
	task_free(task);
}

static enum err policy_work(const struct keeper *keeper, const struct task *task, struct db *db,
	int64_t now_s, struct buf *result, struct why *why)
{
	(void)keeper;
	return impact_find(db,
		&(struct impact_question){
			.policy_id = task->number, .policy_text = buf_view(&task->text) },
		now_s, result, why);
}

static enum err model_work(const struct keeper *keeper, const struct task *task, struct db *db,
	int64_t now_s, struct buf *result, struct why *why)
{
	(void)keeper;
	return impact_find(
		db, &(struct impact_question){ .model_version = task->number }, now_s, result, why);
}

/* A version that is kept, or one that comes with the command. */
enum err handle_policy_try(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct json_node policy = json_get(call->arguments, "policy");
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct task *task;
	int64_t id;

	(void)result;
	TRY(command_number(call, "id", 1, INT64_MAX, 0, &id, why));
	if ((id == 0) == (json_type(policy) != JSON_OBJECT))
		return fail(
			why, ERR_USAGE, "either a policy's id is tried, or 'policy', an object");
	if (id == 0)
		TRY(json_copy(&json, policy, why));
	if (text.n > POLICY_TEXT_MAX)
		return fail(why, ERR_LIMIT, "a policy has at most %d bytes", POLICY_TEXT_MAX);
	task = task_new("policy.try", policy_work, answered);
	task->number = id;
	buf_str(&task->text, buf_view(&text));
	return defer(call, task, why);
}

enum err handle_model_try(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct task *task;
	int64_t version;

	(void)result;
	TRY(command_number(call, "version", 1, INT32_MAX, 0, &version, why));
	if (version == 0)
		return fail(why, ERR_USAGE, "argument 'version' is missing");
	task = task_new("model.try", model_work, answered);
	task->number = version;
	return defer(call, task, why);
}

enum err handle_model_refit(struct command_call *call, struct json_writer *result, struct why *why)
{
	(void)result;
	return defer(call, refit_task(command_flag(call, "decay", false)), why);
}
