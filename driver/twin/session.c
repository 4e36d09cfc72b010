/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/twin/context_xml.h"
#include "driver/twin/session_state.h"

#define BUFFERS_COUNT     4u
#define BUFFERS_COUNT_MAX 64u
#define LIST_BYTES        (OAC_TWIN_ATTRIBUTES_MAX * (4u + OAC_TWIN_VALUE_BYTES + 4u))

static const char *const help = "VERSION, PRINT, TIMEOUT, READ, WRITE, SET, GETTRIG, SETTRIG, "
                                "OPEN, CLOSE, READBUF, WRITEBUF, EXIT\n";

/* The bytes up to the limit that --fault close sets; false when it is reached. */
static bool cut_off(struct oac_twin_session *session, size_t *count)
{
    struct oac_twin_faults *faults = session->twin->faults;
    if (faults->close_bytes == 0 || session->sent + *count < faults->close_bytes ||
        atomic_exchange(&faults->closed, true))
        return false;
    *count = faults->close_bytes > session->sent ? faults->close_bytes - session->sent : 0;
    return true;
}

bool oac_twin_send(struct oac_twin_session *session, const void *bytes, size_t count)
{
    bool cut = cut_off(session, &count);
    session->sent += count;
    return session->peer.send(session->peer.context, bytes, count) && !cut;
}

bool oac_twin_answer(struct oac_twin_session *session, long number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", number);
    return oac_twin_send(session, text, (size_t)n);
}

static bool answer_text(struct oac_twin_session *session, const char *text, size_t bytes)
{
    return oac_twin_answer(session, (long)bytes) && oac_twin_send(session, text, bytes) &&
           oac_twin_send(session, "\n", 1);
}

static void be32(int value, uint8_t out[4])
{
    uint32_t bits = (uint32_t)value;
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(bits >> (24u - 8u * i));
}

/* All values of a list: BE32 length or error, bytes, padding to four. */
static bool read_all(struct oac_twin_session *session,
                     const struct oac_twin_attributes *attributes)
{
    char list[LIST_BYTES];
    size_t used = 0;
    memset(list, 0, sizeof list);
    for (size_t i = 0; i < attributes->count; i++) {
        int n = oac_twin_attribute_read(session->twin->devices, attributes,
                                        attributes->attribute[i].name, list + used + 4);
        be32(n, (uint8_t *)list + used);
        used += 4 + (n > 0 ? ((size_t)n + 3) / 4 * 4 : 0);
    }
    return answer_text(session, list, used);
}

static bool read_value(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    int error = -EINVAL;
    char value[OAC_TWIN_VALUE_BYTES];
    const struct oac_twin_attributes *attributes =
        oac_twin_attributes_find(session->twin->devices, request, &error);
    if (!attributes)
        return oac_twin_answer(session, error);
    if (request->attribute[0] == '\0')
        return read_all(session, attributes);
    int n =
        oac_twin_attribute_read(session->twin->devices, attributes, request->attribute, value);
    if (n > 0 && (oac_twin_register_read(session->twin, request, value) ||
                  oac_twin_gaps_read(session->twin, request, value)))
        n = (int)strlen(value) + 1;
    return n < 0 ? oac_twin_answer(session, n) : answer_text(session, value, (size_t)n);
}

static bool write_value(struct oac_twin_session *session)
{
    int error = -EINVAL;
    const struct oac_twin_request *request = &session->request;
    const struct oac_twin_attributes *attributes =
        oac_twin_attributes_find(session->twin->devices, request, &error);
    if (attributes && request->attribute[0] == '\0')
        error = -ENOSYS;
    else if (attributes)
        error = oac_twin_attribute_write(session->twin->devices, attributes, request->attribute,
                                         (const char *)session->data, session->data_used);
    if (error > 0)
        oac_twin_register_written(session->twin, request, (const char *)session->data,
                                  session->data_used);
    return oac_twin_answer(session, error);
}

static bool set_depth(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    size_t d = oac_twin_device_find(session->twin->devices, request->device);
    if (d == session->twin->devices->count)
        return oac_twin_answer(session, -ENODEV);
    if (request->number < 1 || request->number > BUFFERS_COUNT_MAX)
        return oac_twin_answer(session, -EINVAL);
    session->depth[d] = (size_t)request->number;
    return oac_twin_answer(session, 0);
}

static bool trigger(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    size_t d = oac_twin_device_find(session->twin->devices, request->device);
    if (d == session->twin->devices->count)
        return oac_twin_answer(session, -ENODEV);
    if (request->verb == OAC_TWIN_SETTRIG && request->attribute[0] == '\0')
        return oac_twin_answer(session, 0);
    return oac_twin_answer(session, -ENOENT); /* none of these boards is triggered */
}

static bool set_timeout(struct oac_twin_session *session,
                        const struct oac_twin_request *request)
{
    if (request->number > 0 && request->number < OAC_TWIN_TIMEOUT_MS)
        session->timeout_ms = (unsigned)request->number;
    return oac_twin_answer(session, 0);
}

bool oac_twin_session_expect(struct oac_twin_session *session,
                             const struct oac_twin_request *request, size_t bytes)
{
    struct oac_err ignored;
    session->request = *request;
    session->data_used = 0;
    oac_twin_expect(&session->parser, bytes);
    if (bytes <= session->data_bytes)
        return true;
    free(session->data);
    session->data = oac_alloc(bytes, 1, "a client's data", &ignored);
    session->data_bytes = session->data ? bytes : 0;
    return session->data != NULL;
}

static bool expect_value(struct oac_twin_session *session,
                         const struct oac_twin_request *request)
{
    if (request->number > OAC_TWIN_WRITE_BYTES) {
        oac_twin_answer(session, -EINVAL);
        return false;
    }
    if (!oac_twin_session_expect(session, request, (size_t)request->number))
        return false;
    return request->number > 0 || write_value(session);
}

/* A fault that strikes the n-th request; false when nothing is to be answered. */
static bool answered(struct oac_twin_session *session, enum oac_twin_verb verb)
{
    struct oac_twin_faults *faults = session->twin->faults;
    if (verb == OAC_TWIN_VERSION || verb == OAC_TWIN_PRINT || verb == OAC_TWIN_ZPRINT ||
        verb == OAC_TWIN_HELP || verb == OAC_TWIN_EXIT || verb == OAC_TWIN_GETTRIG ||
        verb == OAC_TWIN_SETTRIG || verb == OAC_TWIN_BAD)
        return true;
    uint64_t n = atomic_fetch_add(&faults->requests, 1) + 1;
    if (n == faults->delay && session->peer.pause)
        return session->peer.pause(session->peer.context, faults->delay_ms);
    return n != faults->drop;
}

static bool perform(struct oac_twin_session *session, const struct oac_twin_request *request)
{
    switch (request->verb) {
    case OAC_TWIN_VERSION:
        return oac_twin_send(session, "0.24.v0.24  \n", 13);
    case OAC_TWIN_PRINT:
        return answer_text(session, session->twin->xml, session->twin->xml_bytes);
    case OAC_TWIN_HELP:
        return oac_twin_send(session, help, strlen(help));
    case OAC_TWIN_EXIT:
        return false;
    case OAC_TWIN_TIMEOUT:
        return set_timeout(session, request);
    case OAC_TWIN_READ:
        return read_value(session, request);
    case OAC_TWIN_WRITE:
        return expect_value(session, request);
    case OAC_TWIN_SET:
        return set_depth(session, request);
    case OAC_TWIN_GETTRIG:
    case OAC_TWIN_SETTRIG:
        return trigger(session, request);
    case OAC_TWIN_OPEN:
        return oac_twin_open(session, request);
    case OAC_TWIN_CLOSE:
        return oac_twin_close(session, request);
    case OAC_TWIN_READBUF:
        return oac_twin_readbuf(session, request);
    case OAC_TWIN_WRITEBUF:
        return oac_twin_writebuf(session, request);
    case OAC_TWIN_BAD:
    case OAC_TWIN_ZPRINT:
    case OAC_TWIN_VERBS:
        break;
    }
    return oac_twin_answer(session, -EINVAL);
}

static bool take_data(struct oac_twin_session *session, size_t count, const uint8_t *bytes)
{
    memcpy(session->data + session->data_used, bytes, count);
    session->data_used += count;
    if (session->parser.data_left > 0)
        return true;
    return session->request.verb == OAC_TWIN_WRITE ? write_value(session)
                                                   : oac_twin_writebuf_end(session);
}

bool oac_twin_session_take(struct oac_twin_session *session, size_t count, const uint8_t *bytes)
{
    while (count > 0) {
        struct oac_twin_request request;
        size_t taken;
        enum oac_twin_event event =
            oac_twin_parse(&session->parser, count, bytes, &taken, &request);
        bool goes_on = true;
        if (event == OAC_TWIN_DATA)
            goes_on = take_data(session, taken, bytes);
        else if (event == OAC_TWIN_REQUEST && answered(session, request.verb))
            goes_on = perform(session, &request);
        if (!goes_on)
            return false;
        bytes += taken;
        count -= taken;
    }
    return true;
}

bool oac_twin_session_pending(const struct oac_twin_session *session)
{
    return oac_twin_pending(&session->parser);
}

enum oac_status oac_twin_session_open(struct oac_twin *twin, const struct oac_twin_peer *peer,
                                      struct oac_twin_session **session, struct oac_err *err)
{
    struct oac_twin_session *made = oac_alloc(1, sizeof *made, "a conversation", err);
    if (!made)
        return err->status;
    made->twin = twin;
    made->peer = *peer;
    made->timeout_ms = OAC_TWIN_TIMEOUT_MS;
    for (size_t d = 0; d < OAC_TWIN_DEVICES_MAX; d++)
        made->depth[d] = BUFFERS_COUNT;
    *session = made;
    return OAC_OK;
}

void oac_twin_session_close(struct oac_twin_session *session)
{
    if (!session)
        return;
    oac_twin_close_all(session);
    free(session->data);
    free(session);
}
