/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few threads that do one piece of work together, many times a second: fork, join, no more. */
#ifndef OAC_MODELS_TEAM_H
#define OAC_MODELS_TEAM_H

#include <stddef.h>

#include "base/status.h"

struct oac_team;

/* Work of `member` out of `members`: usually items member, member + members, ... */
typedef void oac_team_work(void *context, size_t member, size_t members);

/* members >= 1; the caller is member 0. Once it returns the others wait for work, idle: it is safe to fork. */
enum oac_status oac_team_create(size_t members, struct oac_team **team,
                                struct oac_err *err) OAC_MUST_USE;
void oac_team_destroy(struct oac_team *team); /* NULL is fine */
size_t oac_team_members(const struct oac_team *team);

/* Returns once every member has finished. */
void oac_team_run(struct oac_team *team, oac_team_work *work, void *context);

#endif
