/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/board.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/shipped.h"
#include "driver/board_table.h"

static const struct oac_shipped SHIPPED = {
    .what = "board profile",
    .plural = "board profiles",
    .folder = {OAC_BOARD_DIR, OAC_BOARD_INSTALL_DIR},
};

enum oac_status oac_board_list(void (*each)(void *context, const char *name, const char *path),
                               void *context, struct oac_err *err)
{
    return oac_shipped_list(&SHIPPED, each, context, err);
}

const struct oac_board_port *oac_board_port_find(const struct oac_board *board,
                                                 const char *name)
{
    for (size_t i = 0; i < board->ports; i++)
        if (strcmp(board->port[i].name, name) == 0)
            return &board->port[i];
    return NULL;
}

double oac_board_rate_gain(const struct oac_board_port *port, double rate_hz)
{
    for (size_t i = 0; i < port->rates; i++)
        if (fabs(port->rate_hz[i] - rate_hz) <= 1e-4 * rate_hz)
            return port->rate_gain[i];
    return 1.0;
}

size_t oac_board_rate_find(const struct oac_board_port *port, double wanted_hz)
{
    size_t i = 0;
    while (i < port->rates &&
           !(fabs(port->rate_hz[i] - wanted_hz) <= OAC_BOARD_RATE_NEAR * wanted_hz))
        i++;
    return i;
}

double oac_board_port_volts(const struct oac_board_port *port, double code)
{
    return port->v0_v + port->lsb_v * code;
}

static double code_max(const struct oac_board_port *port)
{
    return ldexp(1.0, port->codec.bits) - 1.0;
}

enum oac_status oac_board_port_code(const struct oac_board_port *port, double volts,
                                    uint16_t *code, struct oac_err *err)
{
    if (!(volts >= port->min_v && volts <= port->max_v))
        return oac_fail(err, OAC_EINVAL, "port %s: %g V is outside its limits, %g to %g V",
                        port->name, volts, port->min_v, port->max_v);
    double exact = (volts - port->v0_v) / port->lsb_v;
    double nearest = fmin(fmax(floor(exact + 0.5), 0.0), fmin(code_max(port), UINT16_MAX));
    if (!(fabs(exact - nearest) <= 1.0))
        return oac_fail(err, OAC_EINVAL,
                        "port %s: %g V is outside what it converts, %g to %g V", port->name,
                        volts, port->v0_v, oac_board_port_volts(port, code_max(port)));
    /* Rounding may step over a limit by a part of a code: the limit wins. */
    double got = oac_board_port_volts(port, nearest);
    double inward = port->lsb_v > 0.0 ? 1.0 : -1.0;
    if (got > port->max_v)
        nearest -= inward;
    else if (got < port->min_v)
        nearest += inward;
    *code = (uint16_t)nearest;
    return OAC_OK;
}

/* ---- from text to profile; `where` is "ports[2].device" ---- */

static enum oac_status take_name(const char *text, bool may_be_empty, const char *where,
                                 char name[OAC_BOARD_NAME_BYTES], struct oac_err *err)
{
    size_t bytes = strlen(text);
    if (bytes >= OAC_BOARD_NAME_BYTES)
        return oac_fail(err, OAC_EINVAL, "%s: %zu bytes; at most %u", where, bytes,
                        OAC_BOARD_NAME_BYTES - 1);
    if (bytes == 0 && !may_be_empty)
        return oac_fail(err, OAC_EINVAL, "%s: must not be empty", where);
    memcpy(name, text, bytes + 1);
    return OAC_OK;
}

/* Those of one element, `from` and `to` alike. */
struct name_row {
    const char *key, *from;
    bool may_be_empty;
    char *to;
};

static enum oac_status take_names(const struct name_row *row, size_t rows, const char *element,
                                  struct oac_err *err)
{
    for (size_t i = 0; i < rows; i++) {
        char where[96];
        snprintf(where, sizeof where, "%.60s.%.30s", element, row[i].key);
        if (take_name(row[i].from, row[i].may_be_empty, where, row[i].to, err))
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status take_rates(const struct oac_board_port_text *text, const char *element,
                                  struct oac_board_port *port, struct oac_err *err)
{
    port->rates = text->rates_hz.count;
    if (text->rate_gains.count != 0 && text->rate_gains.count != port->rates)
        return oac_fail(err, OAC_EINVAL, "%s.rate_gains: %zu of them for %zu rates_hz", element,
                        text->rate_gains.count, port->rates);
    if (port->rate_attribute[0] && port->rates == 0)
        return oac_fail(err, OAC_EINVAL, "%s.rate_attribute: %s, but rates_hz names no rate",
                        element, port->rate_attribute);
    for (size_t i = 0; i < port->rates; i++) {
        port->rate_hz[i] = text->rates_hz.value[i];
        port->rate_gain[i] = text->rate_gains.count ? text->rate_gains.value[i] : 1.0;
        for (size_t j = 0; j < i; j++)
            if (port->rate_hz[j] == port->rate_hz[i])
                return oac_fail(err, OAC_EINVAL, "%s.rates_hz: %g Hz is named twice", element,
                                port->rate_hz[i]);
    }
    return OAC_OK;
}

static enum oac_status check_range(const struct oac_board_port *port, const char *element,
                                   struct oac_err *err)
{
    if (port->lsb_v == 0.0)
        return oac_fail(err, OAC_EINVAL, "%s.lsb_v: 0 V makes all codes one voltage", element);
    if (!(port->min_v < port->max_v))
        return oac_fail(err, OAC_EINVAL, "%s.min_v: %g V is not below max_v, %g V", element,
                        port->min_v, port->max_v);
    if (!(port->safe_v >= port->min_v && port->safe_v <= port->max_v))
        return oac_fail(err, OAC_EINVAL,
                        "%s.safe_v: %g V is outside min_v to max_v, %g to %g V", element,
                        port->safe_v, port->min_v, port->max_v);
    if (port->codec.bits > 16)
        return oac_fail(err, OAC_EINVAL, "%s.format: %u bits; codes have at most 16", element,
                        port->codec.bits);
    double a = port->v0_v, b = oac_board_port_volts(port, code_max(port));
    double slack = fabs(port->lsb_v);
    if (port->output &&
        !(port->min_v >= fmin(a, b) - slack && port->max_v <= fmax(a, b) + slack))
        return oac_fail(err, OAC_EINVAL,
                        "%s: limits of %g to %g V, but its codes reach only %g to %g V",
                        element, port->min_v, port->max_v, fmin(a, b), fmax(a, b));
    return OAC_OK;
}

static enum oac_status check_gain(const struct oac_board_port *port, const char *element,
                                  struct oac_err *err)
{
    if (port->gain_attribute[0] && port->output)
        return oac_fail(err, OAC_EINVAL, "%s.gain_attribute: %s, but only inputs have a gain",
                        element, port->gain_attribute);
    if (port->gain_attribute[0] && !(port->gain_min < port->gain_max))
        return oac_fail(err, OAC_EINVAL, "%s.gain_min: %g is not below gain_max, %g", element,
                        port->gain_min, port->gain_max);
    return OAC_OK;
}

static enum oac_status take_port(const struct oac_board_port_text *text, size_t index,
                                 struct oac_board_port *port, struct oac_err *err)
{
    char element[96];
    const struct name_row names[] = {
        {"name", text->name, false, port->name},
        {"device", text->device, false, port->device},
        {"channel", text->channel, false, port->channel},
        {"channel_q", text->channel_q, true, port->channel_q},
        {"rate_device", text->rate_device, true, port->rate_device},
        {"rate_channel", text->rate_channel, true, port->rate_channel},
        {"rate_attribute", text->rate_attribute, true, port->rate_attribute},
        {"trigger", text->trigger, true, port->trigger},
        {"gain_attribute", text->gain_attribute, true, port->gain_attribute},
        {"mixer_device", text->mixer_device, true, port->mixer_device},
        {"mixer_channel", text->mixer_channel, true, port->mixer_channel},
        {"mixer_attribute", text->mixer_attribute, true, port->mixer_attribute},
    };
    snprintf(element, sizeof element, "ports[%zu]", index);
    if (take_names(names, sizeof names / sizeof names[0], element, err))
        return err->status;
    snprintf(element, sizeof element, "ports[%zu] (%s)", index, port->name);
    if (oac_codec_parse(text->format, &port->codec, err))
        return oac_fail_within(err, "%s.format", element);
    port->output = text->direction == 1;
    port->ac_coupled = text->coupling == 1;
    port->iq = port->channel_q[0] != '\0';
    port->v0_v = text->v0_v;
    port->lsb_v = text->lsb_v;
    port->min_v = text->min_v;
    port->max_v = text->max_v;
    port->safe_v = text->safe_v;
    port->ramp_v_per_s = text->ramp_v_per_s;
    port->gain_min = text->gain_min;
    port->gain_max = text->gain_max;
    if (!port->rate_device[0] && port->rate_attribute[0])
        memcpy(port->rate_device, port->device, sizeof port->rate_device);
    if (!port->mixer_device[0] && port->mixer_attribute[0])
        memcpy(port->mixer_device, port->device, sizeof port->mixer_device);
    if (!port->iq && port->mixer_attribute[0])
        return oac_fail(err, OAC_EINVAL, "%s.mixer_attribute: %s, but only I and Q are mixed",
                        element, port->mixer_attribute);
    if (port->iq && strcmp(port->channel, port->channel_q) == 0)
        return oac_fail(err, OAC_EINVAL, "%s.channel_q: %s is its channel already", element,
                        port->channel_q);
    if (check_range(port, element, err) || check_gain(port, element, err) ||
        take_rates(text, element, port, err))
        return err->status;
    return OAC_OK;
}

static enum oac_status take_ports(const struct oac_board_text *text, struct oac_board *board,
                                  struct oac_err *err)
{
    board->ports = text->ports;
    for (size_t i = 0; i < text->ports; i++) {
        struct oac_board_port *port = &board->port[i];
        if (take_port(&text->port[i], i, port, err))
            return err->status;
        for (size_t j = 0; j < i; j++) {
            const struct oac_board_port *other = &board->port[j];
            if (strcmp(other->name, port->name) == 0)
                return oac_fail(err, OAC_EINVAL, "ports[%zu].name: %s is that of ports[%zu]", i,
                                port->name, j);
            if (other->output == port->output && strcmp(other->device, port->device) == 0 &&
                strcmp(other->channel, port->channel) == 0)
                return oac_fail(err, OAC_EINVAL, "ports[%zu] (%s): its channel is that of %s",
                                i, port->name, other->name);
            if (strcmp(other->device, port->device) == 0 &&
                strcmp(other->trigger, port->trigger) != 0)
                return oac_fail(err, OAC_EINVAL,
                                "ports[%zu] (%s).trigger: %s, but %s of the same device has %s",
                                i, port->name, port->trigger[0] ? port->trigger : "none",
                                other->name, other->trigger[0] ? other->trigger : "none");
        }
    }
    return OAC_OK;
}

static enum oac_status take_writes(const struct oac_board_write_text *text, size_t count,
                                   const char *list, struct oac_board_write *write,
                                   struct oac_err *err)
{
    for (size_t i = 0; i < count; i++) {
        char element[64];
        const struct name_row names[] = {
            {"device", text[i].device, false, write[i].device},
            {"channel", text[i].channel, true, write[i].channel},
            {"attribute", text[i].attribute, false, write[i].attribute},
            {"value", text[i].value, false, write[i].value},
        };
        snprintf(element, sizeof element, "%s[%zu]", list, i);
        if (take_names(names, sizeof names / sizeof names[0], element, err))
            return err->status;
        write[i].output = text[i].direction == 1;
        write[i].optional = text[i].optional;
    }
    return OAC_OK;
}

static enum oac_status take_board(const struct oac_board_text *text, struct oac_board *board,
                                  struct oac_err *err)
{
    if (take_name(text->name, false, "name", board->name, err) ||
        take_name(text->match, true, "match", board->match, err) ||
        take_ports(text, board, err) ||
        take_writes(text->setup, text->setups, "setup", board->setup, err) ||
        take_writes(text->safe, text->safes, "safe", board->safe, err))
        return err->status;
    snprintf(board->description, sizeof board->description, "%s", text->description);
    board->setups = text->setups;
    board->safes = text->safes;
    board->align_samples = (uint32_t)text->align_samples;
    board->buffer_samples_min = (uint32_t)text->buffer_samples_min;
    board->cyclic_samples_min = (uint32_t)text->cyclic_samples_min;
    board->kernel_buffers = (uint32_t)text->kernel_buffers;
    board->cyclic = text->cyclic;
    board->harmless = text->harmless;
    for (size_t i = 0; i < board->ports; i++)
        if (board->port[i].output && board->safes == 0)
            return oac_fail(err, OAC_EINVAL,
                            "safe: has no writes, but %s is an output; say how to make it safe",
                            board->port[i].name);
    return OAC_OK;
}

enum oac_status oac_board_read(const char *name_or_path, struct oac_board *board,
                               struct oac_err *err)
{
    char path[OAC_SHIPPED_PATH_BYTES];
    if (oac_shipped_find(&SHIPPED, name_or_path, path, err))
        return err->status;
    struct oac_board_text *text = oac_alloc(1, sizeof *text, "board profile", err);
    struct oac_board *read = oac_alloc(1, sizeof *read, "board profile", err);
    enum oac_status status = text && read ? OAC_OK : OAC_ENOMEM;
    if (!status)
        status = oac_config_read_lists(&oac_board_table, oac_board_lists, OAC_BOARD_LISTS, path,
                                       text, sizeof *text, err);
    if (!status && take_board(text, read, err))
        status = oac_fail_within(err, "%s", path);
    if (!status)
        memcpy(board, read, sizeof *board);
    free(read);
    free(text);
    return status;
}
