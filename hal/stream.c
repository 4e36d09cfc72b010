/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/stream_check.h"

/* What the core remembers of a handle; kept sorted by handle. */
struct oac_stream_loaded {
    uint32_t handle;
    size_t rows, slots;
};

/* Index of the first entry whose handle is not below `handle`. */
static size_t loaded_place(const struct oac_stream *stream, uint32_t handle)
{
    size_t low = 0, high = stream->loaded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stream->loaded[middle].handle < handle)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct oac_stream_loaded *find_loaded(const struct oac_stream *stream,
                                                   uint32_t handle, struct oac_err *err)
{
    size_t at = loaded_place(stream, handle);
    if (at < stream->loaded_count && stream->loaded[at].handle == handle)
        return &stream->loaded[at];
    (void)oac_fail(
        err, OAC_ENOTFOUND,
        "segment %u is not loaded in \"%s\": load it first, and once unloaded do not "
        "use its handle",
        handle, stream->caps->link.device_id);
    return NULL;
}

enum oac_status oac_stream_load(struct oac_stream *stream, const struct oac_stream_load *load,
                                uint32_t *handle, struct oac_err *err)
{
    if (oac_stream_check_load(stream->caps, load, err))
        return err->status;
    /* room first: after the implementation has taken the segment nothing may fail */
    struct oac_stream_loaded *loaded =
        oac_alloc(stream->loaded_count + 1, sizeof *loaded, "a list of segments", err);
    if (!loaded)
        return err->status;
    uint32_t made = 0;
    if (stream->ops->load(stream->self, load, &made, err)) {
        free(loaded);
        return err->status;
    }
    size_t place = loaded_place(stream, made);
    if (place)
        memcpy(loaded, stream->loaded, place * sizeof *loaded);
    if (place < stream->loaded_count)
        memcpy(loaded + place + 1, stream->loaded + place,
               (stream->loaded_count - place) * sizeof *loaded);
    loaded[place] =
        (struct oac_stream_loaded){.handle = made, .rows = load->rows, .slots = load->slots};
    free(stream->loaded);
    stream->loaded = loaded;
    stream->loaded_count++;
    *handle = made;
    return OAC_OK;
}

enum oac_status oac_stream_unload(struct oac_stream *stream, uint32_t handle,
                                  struct oac_err *err)
{
    const struct oac_stream_loaded *found = find_loaded(stream, handle, err);
    if (!found || stream->ops->unload(stream->self, handle, err))
        return err->status;
    size_t place = (size_t)(found - stream->loaded);
    stream->loaded_count--;
    memmove(stream->loaded + place, stream->loaded + place + 1,
            (stream->loaded_count - place) * sizeof *stream->loaded);
    return OAC_OK;
}

enum oac_status oac_stream_play(struct oac_stream *stream, struct oac_workspace *workspace,
                                struct oac_stream_burst *burst, struct oac_err *err)
{
    const struct oac_stream_caps *caps = stream->caps;
    if (!workspace || (burst->segments && !burst->segment))
        return oac_fail(err, OAC_EINVAL, "playing a burst: %s is missing",
                        workspace ? "the list of segments" : "the workspace");
    if (burst->segments > caps->segments_max)
        return oac_fail(err, OAC_EINVAL, "a burst of %zu segments: \"%s\" takes up to %zu",
                        burst->segments, caps->link.device_id, caps->segments_max);
    for (size_t i = 0; i < burst->segments; i++) {
        const struct oac_stream_loaded *found =
            find_loaded(stream, burst->segment[i].handle, err);
        if (!found || oac_stream_check_segment(caps, &burst->segment[i], i, found->rows,
                                               found->slots, err))
            return err->status;
    }
    if (burst->segments == 0) {
        burst->received = 0;
        return OAC_OK;
    }
    size_t before = burst->received;
    burst->received = 0;
    if (stream->ops->play(stream->self, workspace, burst, err)) {
        burst->received = before;
        return err->status;
    }
    if (burst->received > burst->segments)
        return oac_fail(err, OAC_EINTERNAL, "\"%s\" received %zu segments of a burst of %zu",
                        caps->link.device_id, burst->received, burst->segments);
    return OAC_OK;
}

void oac_stream_close(struct oac_stream *stream)
{
    if (stream->ops)
        stream->ops->close(stream->self);
    free(stream->loaded);
    *stream = (struct oac_stream){0};
}
