/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conversation's buffers: who may open what, and what each request of theirs is answered. */
#include <errno.h>
#include <time.h>

#include "driver/twin/session_state.h"

/* The device of a request that has a buffer open here; sets *error otherwise. */
static struct opened *opened_of(struct oac_twin_session *session,
                                const struct oac_twin_request *request, size_t *device,
                                long *error)
{
    *device = oac_twin_device_find(session->twin->devices, request->device);
    if (*device == session->twin->devices->count) {
        *error = -ENODEV;
        return NULL;
    }
    *error = -EBADF;
    return session->opened[*device].open ? &session->opened[*device] : NULL;
}

/* Joins the users of a device; false when it is taken. */
static bool join(struct oac_twin *twin, size_t d, const struct oac_twin_mask *mask)
{
    bool output = twin->devices->device[d].output;
    struct oac_twin_sharing *sharing = &twin->sharing[d];
    pthread_mutex_lock(&twin->lock);
    bool free_to_use = !output || sharing->users == 0;
    if (free_to_use) {
        if (sharing->users++ == 0)
            sharing->mask = (struct oac_twin_mask){.words = mask->words};
        for (size_t w = 0; w < mask->words; w++)
            sharing->mask.word[w] |= mask->word[w];
    }
    pthread_mutex_unlock(&twin->lock);
    return free_to_use;
}

static void leave(struct oac_twin *twin, size_t d)
{
    pthread_mutex_lock(&twin->lock);
    twin->sharing[d].users--;
    pthread_mutex_unlock(&twin->lock);
}

/* By how much a device's clock is ahead of the line's: as declared, and by a fault on request. */
static double clock_fast(const struct oac_twin *twin, size_t d)
{
    const size_t port = twin->devices->device[d].channel[0].port;
    const double declared = twin->ports->pace[port] / oac_twin_bench_shape(twin->bench)->pace;
    return declared * (1.0 + (twin->board ? 1e-6 * (double)twin->faults->clock_ppm : 0.0)) -
           1.0;
}

static void begin_output(struct oac_twin_session *session, size_t d)
{
    const struct oac_twin *twin = session->twin;
    const struct oac_twin_device *device = &twin->devices->device[d];
    struct oac_twin_layout layout;
    size_t drive[OAC_BOARD_PORTS_MAX], drives = 0;
    oac_twin_layout_make(device, &session->opened[d].mask, &layout);
    for (size_t i = 0; i < layout.count; i++) {
        size_t bound = twin->ports->drive_of[device->channel[layout.channel[i]].port];
        if (bound != OAC_TWIN_UNBOUND &&
            (drives == 0 || drive[drives - 1] != bound)) /* I and Q */
            drive[drives++] = bound;
    }
    const struct oac_twin_clock clock = {twin->board, clock_fast(twin, d)};
    oac_twin_output_open(twin->playback, twin->first_device + d, drives, drive,
                         session->depth[d], clock);
}

static long open_error(struct oac_twin_session *session, const struct oac_twin_request *request,
                       size_t d)
{
    struct oac_twin *twin = session->twin;
    if (d == twin->devices->count)
        return -ENODEV;
    const struct oac_twin_device *device = &twin->devices->device[d];
    if (atomic_fetch_add(&twin->faults->opens, 1) + 1 == twin->faults->ebusy)
        return -EBUSY;
    if (session->opened[d].open)
        return -EBUSY;
    if (!oac_twin_mask_fits(device, &request->mask))
        return -EINVAL;
    if (request->cyclic &&
        (twin->faults->nocyclic || !device->output || !twin->devices->board->cyclic))
        return -EPERM;
    struct oac_twin_layout layout;
    oac_twin_layout_make(device, &request->mask, &layout);
    if (request->number < 1 || request->number > OAC_TWIN_BUFFER_BYTES / layout.step)
        return request->number < 1 ? -EINVAL : -ENOMEM;
    return join(twin, d, &request->mask) ? 0 : -EBUSY;
}

bool oac_twin_open(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    struct oac_twin *twin = session->twin;
    size_t d = oac_twin_device_find(twin->devices, request->device);
    long error = open_error(session, request, d);
    if (error)
        return oac_twin_answer(session, error);
    struct opened *opened = &session->opened[d];
    *opened = (struct opened){.open = true,
                              .cyclic = request->cyclic,
                              .mask = request->mask,
                              .samples = (size_t)request->number};
    if (twin->devices->device[d].output) {
        begin_output(session, d);
    } else {
        opened->reads = true;
        oac_twin_reader_open(twin->playback, &opened->reader);
        opened->reader.fast = clock_fast(twin, d);
        oac_twin_reader_rewind(twin->playback, &opened->reader,
                               twin->faults->stale * opened->samples);
    }
    return oac_twin_answer(session, 0);
}

static void end_buffer(struct oac_twin_session *session, size_t d)
{
    struct opened *opened = &session->opened[d];
    if (!opened->open)
        return;
    if (opened->reads)
        oac_twin_reader_close(session->twin->playback, &opened->reader);
    else
        oac_twin_output_close(session->twin->playback, session->twin->first_device + d);
    opened->open = false;
    leave(session->twin, d);
}

void oac_twin_close_all(struct oac_twin_session *session)
{
    for (size_t d = 0; d < session->twin->devices->count; d++)
        end_buffer(session, d);
}

bool oac_twin_close(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    size_t d;
    long error;
    if (!opened_of(session, request, &d, &error))
        return oac_twin_answer(session, error);
    end_buffer(session, d);
    return oac_twin_answer(session, 0);
}

bool oac_twin_readbuf(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    size_t d;
    long error;
    const struct opened *opened = opened_of(session, request, &d, &error);
    if (!opened)
        return oac_twin_answer(session, error);
    if (!opened->reads || request->number < 1 || request->number > OAC_TWIN_BUFFER_BYTES)
        return oac_twin_answer(session, -EINVAL);
    struct oac_twin_faults *faults = session->twin->faults;
    uint64_t n = atomic_fetch_add(&faults->readbufs, 1) + 1;
    const struct oac_twin_mask mask = oac_twin_mask_now(session, d, n);
    if (n != faults->short_piece)
        return oac_twin_send_scans(session, d, &mask, request->number, n);
    return oac_twin_send_scans(session, d, &mask, request->number / 2, n) &&
           oac_twin_answer(session, 0);
}

static size_t step_of(const struct oac_twin_session *session, size_t d)
{
    struct oac_twin_layout layout;
    oac_twin_layout_make(&session->twin->devices->device[d], &session->opened[d].mask, &layout);
    return layout.step;
}

bool oac_twin_writebuf(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    size_t d;
    long error;
    const struct opened *opened = opened_of(session, request, &d, &error);
    if (!opened)
        return oac_twin_answer(session, error);
    size_t step = step_of(session, d);
    if (opened->reads || request->number < 1 || request->number > opened->samples * step ||
        request->number % step != 0)
        return oac_twin_answer(session, -EINVAL);
    if (oac_twin_output_cyclic(session->twin->playback, session->twin->first_device + d))
        return oac_twin_answer(session, -EBUSY);
    if (!oac_twin_session_expect(session, request, (size_t)request->number))
        return false;
    return oac_twin_answer(session, 0);
}

static void stall(struct oac_twin_faults *faults)
{
    if (atomic_fetch_add(&faults->writebufs, 1) + 1 != faults->stall)
        return;
    const struct timespec late = {faults->stall_ms / 1000u,
                                  (long)(faults->stall_ms % 1000u) * 1000000L};
    nanosleep(&late, NULL);
}

bool oac_twin_writebuf_end(struct oac_twin_session *session)
{
    struct oac_twin_layout layout;
    size_t d;
    long error;
    const struct opened *opened = opened_of(session, &session->request, &d, &error);
    if (!opened)
        return oac_twin_answer(session, error);
    oac_twin_layout_make(&session->twin->devices->device[d], &opened->mask, &layout);
    size_t samples = session->data_used / layout.step;
    uint16_t *code = oac_twin_codes_of(session, d, samples, &layout);
    samples *= oac_twin_bench_shape(session->twin->bench)->values;
    stall(session->twin->faults);
    error = code
                ? oac_twin_output_push(session->twin->playback, session->twin->first_device + d,
                                       samples, code, opened->cyclic, session->timeout_ms)
                : -ENOMEM;
    return oac_twin_answer(session, error ? error : (long)session->data_used);
}
