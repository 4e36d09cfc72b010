/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/team.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct seat {
    struct oac_team *team;
    size_t member;
    pthread_t thread;
};

struct oac_team {
    size_t members, started; /* started: threads beside the caller */
    struct seat *seat;
    pthread_mutex_t lock;
    pthread_cond_t called, finished;
    uint64_t round; /* of the work at hand */
    size_t busy;
    bool closing;
    oac_team_work *work;
    void *context;
};

static void *attend(void *argument)
{
    struct seat *seat = argument;
    struct oac_team *team = seat->team;
    uint64_t seen = 0;
    pthread_mutex_lock(&team->lock);
    for (;;) {
        while (team->round == seen && !team->closing)
            pthread_cond_wait(&team->called, &team->lock);
        if (team->closing)
            break;
        seen = team->round;
        pthread_mutex_unlock(&team->lock);
        team->work(team->context, seat->member, team->members);
        pthread_mutex_lock(&team->lock);
        if (--team->busy == 0)
            pthread_cond_signal(&team->finished);
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

static void be_there(void *context, size_t member, size_t members)
{
    (void)context;
    (void)member;
    (void)members;
}

enum oac_status oac_team_create(size_t members, struct oac_team **team, struct oac_err *err)
{
    struct oac_team *made = oac_alloc(1, sizeof *made, "a team of threads", err);
    if (!made)
        return err->status;
    made->members = members;
    made->seat = oac_alloc(members, sizeof *made->seat, "a team of threads", err);
    if (!made->seat) {
        free(made);
        return err->status;
    }
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->called, NULL);
    pthread_cond_init(&made->finished, NULL);
    for (size_t i = 1; i < members; i++) {
        made->seat[i] = (struct seat){.team = made, .member = i};
        int code = pthread_create(&made->seat[i].thread, NULL, attend, &made->seat[i]);
        if (code != 0) {
            oac_fail(err, OAC_ENOMEM,
                     "cannot start thread %zu of %zu: %s; ask for fewer threads", i + 1,
                     members, strerror(code));
            oac_team_destroy(made);
            return err->status;
        }
        made->started++;
    }
    oac_team_run(made, be_there,
                 NULL); /* who still starts may hold a lock that a fork would copy */
    *team = made;
    return OAC_OK;
}

void oac_team_destroy(struct oac_team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->lock);
    team->closing = true;
    pthread_cond_broadcast(&team->called);
    pthread_mutex_unlock(&team->lock);
    for (size_t i = 1; i <= team->started; i++)
        pthread_join(team->seat[i].thread, NULL);
    pthread_cond_destroy(&team->finished);
    pthread_cond_destroy(&team->called);
    pthread_mutex_destroy(&team->lock);
    free(team->seat);
    free(team);
}

size_t oac_team_members(const struct oac_team *team)
{
    return team->members;
}

void oac_team_run(struct oac_team *team, oac_team_work *work, void *context)
{
    pthread_mutex_lock(&team->lock);
    team->work = work;
    team->context = context;
    team->busy = team->started;
    team->round++;
    pthread_cond_broadcast(&team->called);
    pthread_mutex_unlock(&team->lock);
    work(context, 0, team->members);
    pthread_mutex_lock(&team->lock);
    while (team->busy > 0)
        pthread_cond_wait(&team->finished, &team->lock);
    pthread_mutex_unlock(&team->lock);
}
