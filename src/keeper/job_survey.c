/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first reading of a full list, which merges nothing. */
#include "base/log.h"
#include "evidence/query.h"
#include "keeper/held.h"
#include "keeper/job_int.h"
#include "keeper/service.h"

enum err job_survey_begin(
	struct service *service, struct job *job, bool *is_needed, struct why *why)
{
	job->survey = (struct survey){ 0 };
	*is_needed = false;
	if (job->is_accepted)
		return OK;
	TRY(import_last_good(service->keeper.db, job->definition.name, &job->survey.last, why));
	*is_needed = survey_is_needed(&job->definition, &job->survey.last);
	return OK;
}

void on_survey_claims(struct service *service, struct job *job, const struct message *message)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct why why;

	if (claim_batch_decode(message->payload, &batch, &why) != OK)
		job_fail(service, job, &why);
	else if (job->definition.purpose == PURPOSE_CLAIMS)
		guarded_count(&job->survey.guarded, keeper_rules(&service->keeper), &batch);
}

void on_surveyed(struct service *service, struct job *job, const struct message *message)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf words = { 0 };
	struct import_reading reading;
	struct feed_report report;
	enum survey_finding finding;
	struct why why;

	if (!job_report_read(service, job, reader, message->payload, &report))
		return;
	job_reading_of(&report, &job->survey.guarded, &arena, &reading);
	job->survey.accepted = reading.accepted;
	finding = survey_judge(&job->survey, &job->definition, &words);
	if (finding == SURVEY_GOOD) {
		job->state = JOB_PARSING;
		job_read(service, job);
	} else if (held_keep(service, job, &reading, finding, buf_view(&words), &why) != OK) {
		job_fail(service, job, &why);
	}
}
