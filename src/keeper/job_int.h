/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by job.c (life of a job), job_messages.c (fetch and parse), job_reading.c, job_survey.c,
 * job_schedule.c and held.c.
 */
#pragma once

#include "feed/report.h"
#include "keeper/job.h"

/* A job with a copy of the definition, in the service's list; NULL when there are too many. */
struct job *job_new(
	struct service *service, const struct feed_definition *definition, struct why *why);
void job_free(struct service *service, struct job *job);
/* An empty spool file of the job's own, open as its input. */
NODISCARD enum err job_spool_new(struct service *service, struct job *job, struct why *why);
/* Answers whoever waits with the error; the job is gone afterwards. */
void job_fail(struct service *service, struct job *job, const struct why *why);
/* A role died under it: begins again from its spool file, once. */
void job_retry(struct service *service, struct job *job, const struct why *why);
/* Hash of the input and of what reading it depends on. */
NODISCARD enum err job_content_hash(const struct keeper *keeper, const struct job *job,
	uint8_t out[IMPORT_HASH_BYTES], struct why *why);
/* Begins the run in the store. */
NODISCARD enum err job_begin_run(
	struct service *service, struct job *job, bool *is_unchanged, struct why *why);
/* Gives the input to the job's parse role, for its state. On failure the job is over. */
void job_read(struct service *service, struct job *job);

/* Before a survey; what it found goes on in job_survey.c. */
NODISCARD enum err job_survey_begin(
	struct service *service, struct job *job, bool *is_needed, struct why *why);
void on_survey_claims(struct service *service, struct job *job, const struct message *message);
void on_surveyed(struct service *service, struct job *job, const struct message *message);

/* What the parse role says of its reading; the job is over when it says nothing good. */
struct json_reader;
NODISCARD bool job_report_read(struct service *service, struct job *job, struct json_reader *reader,
	struct str text, struct feed_report *out);
/* The reading as the run's row shows it, guards' refusals included; room for the texts in arena. */
void job_reading_of(const struct feed_report *report, const struct guarded *guarded,
	struct arena *arena, struct import_reading *out);
/* What guards refused becomes a part of the report. */
void job_report_add_guarded(struct feed_report *report, const struct guarded *guarded);
void job_done_build(struct service *service, const struct job *job);
