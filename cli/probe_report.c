/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/probe_report.h"

#ifdef OAC_HAVE_LIBIIO
#include <string.h>

#include "experiments/format.h"

static void show_format(const struct oac_iio_channel_info *info, char text[48])
{
    const struct oac_codec *codec = &info->codec;
    if (codec->bits)
        snprintf(text, 48, "%s:%c%u/%u>>%u", codec->big_endian ? "be" : "le",
                 codec->is_signed ? (codec->fully_defined ? 'S' : 's')
                                  : (codec->fully_defined ? 'U' : 'u'),
                 codec->bits, codec->storage_bits, codec->shift);
    else
        snprintf(text, 48, "%s", info->scannable ? "(not for samples)" : "");
}

/* Channels that carry samples one a line, the others of a device counted. */
static void print_contents(const struct oac_probe *probe, FILE *out)
{
    char format[48];
    fprintf(out, "\n%-26s %-14s %-7s %s\n", "device", "channel", "", "format");
    for (size_t i = 0; i < probe->channels;) {
        const char *id = probe->channel[i].device_id;
        size_t others = 0;
        fprintf(out, "%.60s\n", probe->channel[i].device);
        for (; i < probe->channels && strcmp(probe->channel[i].device_id, id) == 0; i++) {
            const struct oac_iio_channel_info *info = &probe->channel[i];
            others += !info->scannable;
            show_format(info, format);
            if (info->scannable)
                fprintf(out, "%-26s %-14.40s %-7s %s\n", "", info->channel,
                        info->output ? "output" : "input", format);
        }
        if (others)
            fprintf(out, "%-26s %zu without samples\n", "", others);
    }
}

static void print_fits(const struct oac_probe *probe, FILE *out)
{
    fprintf(out, "\nboard profiles\n");
    for (size_t i = 0; i < probe->fits; i++) {
        const struct oac_probe_fit *fit = &probe->fit[i];
        fprintf(out, "  %-14s %-5s %s\n", fit->name,
                fit == probe->best ? "fits"
                : fit->fits        ? "too"
                                   : "no",
                fit->why);
    }
}

static void print_port(const struct oac_probe *probe, size_t index, FILE *out)
{
    const struct oac_board_port *port = &probe->board.port[index];
    char roles[64] = "";
    double rate_hz = 0.0;
    for (int r = 0; r < OAC_ROLES; r++) {
        size_t used = strlen(roles);
        if (probe->roles.plays[index][r])
            snprintf(roles + used, sizeof roles - used, "%s%s", used ? " " : "",
                     oac_role_names[r]);
    }
    for (size_t i = 0; i < port->rates; i++)
        rate_hz = port->rate_hz[i] > rate_hz ? port->rate_hz[i] : rate_hz;
    fprintf(out, "  %-8.20s %-6s %s %2u bits %8.4g to %-7.4g V %10s  %s\n", port->name,
            port->output ? "output" : "input", port->ac_coupled ? "AC" : "DC", port->codec.bits,
            port->min_v, port->max_v, port->rates ? oac_format_si(rate_hz, "S/s").text : "",
            roles[0] ? roles : "-");
    if (probe->roles.note[index][0])
        fprintf(out, "  %8s %s\n", "", probe->roles.note[index]);
    if (probe->range_note[index][0])
        fprintf(out, "  %8s warning: %s\n", "", probe->range_note[index]);
}

void oac_probe_print(const struct oac_probe *probe, const struct oac_rig *rig, FILE *out)
{
    fprintf(out, "%s\n", probe->uri);
    if (probe->hw_model[0])
        fprintf(out, "%s\n", probe->hw_model);
    else if (probe->description[0])
        fprintf(out, "%s\n", probe->description);
    print_contents(probe, out);
    print_fits(probe, out);
    if (!probe->best)
        return;
    fprintf(out, "\nports of %s%s%s\n", probe->board.name, rig ? " for rig " : "",
            rig ? rig->name : ", for a bench of one wavelength");
    for (size_t i = 0; i < probe->board.ports; i++)
        print_port(probe, i, out);
    if (probe->roles.missing == 0)
        fprintf(out, "nothing is missing\n");
    for (size_t i = 0; i < probe->roles.missing; i++)
        fprintf(out, "missing: %s\n", probe->roles.missing_text[i]);
}

#endif
