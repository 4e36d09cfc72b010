/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/probe_report.h"

#ifdef OAC_HAVE_LIBIIO
#include <errno.h>
#include <jansson.h>
#include <string.h>

/* jansson takes ownership and lets NULL pass: one check at the end finds any failure. */
static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static json_t *channel_json(const struct oac_iio_channel_info *info)
{
    const struct oac_codec *codec = &info->codec;
    json_t *format = json_null(), *index = json_null();
    if (codec->bits)
        format = json_sprintf("%s:%c%u/%u>>%u", codec->big_endian ? "be" : "le",
                              codec->is_signed ? (codec->fully_defined ? 'S' : 's')
                                               : (codec->fully_defined ? 'U' : 'u'),
                              codec->bits, codec->storage_bits, codec->shift);
    if (info->index >= 0)
        index = json_integer(info->index);
    return json_pack("{s:s, s:o, s:s, s:o, s:o}", "id", info->channel, "name",
                     text_or_null(info->channel_name), "direction",
                     info->output ? "output" : "input", "format", format, "index", index);
}

static json_t *devices_json(const struct oac_probe *probe)
{
    json_t *devices = json_array();
    for (size_t i = 0; i < probe->channels;) {
        const char *id = probe->channel[i].device_id, *name = probe->channel[i].device;
        json_t *channels = json_array();
        for (; i < probe->channels && strcmp(probe->channel[i].device_id, id) == 0; i++)
            json_array_append_new(channels, channel_json(&probe->channel[i]));
        json_array_append_new(devices, json_pack("{s:s, s:s, s:o}", "id", id, "name", name,
                                                 "channels", channels));
    }
    return devices;
}

static json_t *port_json(const struct oac_probe *probe, size_t index)
{
    const struct oac_board_port *port = &probe->board.port[index];
    json_t *roles = json_array(), *rates = json_array(), *notes = json_array();
    for (int r = 0; r < OAC_ROLES; r++)
        if (probe->roles.plays[index][r])
            json_array_append_new(roles, json_string(oac_role_names[r]));
    for (size_t i = 0; i < port->rates; i++)
        json_array_append_new(rates, json_real(port->rate_hz[i]));
    if (probe->roles.note[index][0])
        json_array_append_new(notes, json_string(probe->roles.note[index]));
    if (probe->range_note[index][0])
        json_array_append_new(notes, json_string(probe->range_note[index]));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:i, s:f, s:f, s:f, s:o, s:o, s:o}",
                     "name", port->name, "device", port->device, "channel", port->channel,
                     "channel_q", text_or_null(port->channel_q), "direction",
                     port->output ? "output" : "input", "coupling",
                     port->ac_coupled ? "ac" : "dc", "bits", (int)port->codec.bits, "min_v",
                     port->min_v, "max_v", port->max_v, "safe_v", port->safe_v, "rates_hz",
                     rates, "roles", roles, "notes", notes);
}

enum oac_status oac_probe_print_json(const struct oac_probe *probe, const struct oac_rig *rig,
                                     FILE *out, struct oac_err *err)
{
    json_t *profiles = json_array(), *ports = json_array(), *missing = json_array();
    for (size_t i = 0; i < probe->fits; i++) {
        const struct oac_probe_fit *fit = &probe->fit[i];
        json_array_append_new(profiles, json_pack("{s:s, s:b, s:s}", "name", fit->name, "fits",
                                                  (int)fit->fits, "why", fit->why));
    }
    for (size_t i = 0; i < probe->board.ports; i++)
        json_array_append_new(ports, port_json(probe, i));
    for (size_t i = 0; i < probe->roles.missing; i++)
        json_array_append_new(missing, json_string(probe->roles.missing_text[i]));
    json_t *root = json_pack(
        "{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "format", "oac probe",
        "version", 1, "uri", probe->uri, "hw_model", text_or_null(probe->hw_model),
        "description", text_or_null(probe->description), "devices", devices_json(probe),
        "profiles", profiles, "board", text_or_null(probe->best ? probe->best->name : ""),
        "rig", text_or_null(rig ? rig->name : ""), "ports", ports, "missing", missing);
    if (!root)
        return oac_fail(err, OAC_EPARSE,
                        "%s: a name in it is not UTF-8, or memory is exhausted: no JSON",
                        probe->uri);
    int failed = json_dumpf(root, out, JSON_INDENT(2)) || fputc('\n', out) == EOF;
    json_decref(root);
    if (failed)
        return oac_fail(err, OAC_EIO, "cannot write the probe: %s", strerror(errno));
    return OAC_OK;
}

#endif
