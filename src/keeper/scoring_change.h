/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another model or policy: keeper scores with it from now on, and a new snapshot shows it. */
#pragma once

#include "keeper/service.h"

/* Reads what is live again; on failure the old scoring stays. */
NODISCARD enum err scoring_changed(struct service *service, struct why *why);

/* Makes a kept model the live one, and what waited for that is closed. */
NODISCARD enum err model_made_live(
	struct service *service, int64_t version, struct str by, struct str note, struct why *why);
