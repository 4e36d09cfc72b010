/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac rig`: descriptions of benches. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/command.h"
#include "experiments/format.h"
#include "sim/link_budget.h"
#include "sim/rig.h"

#define WINDOW_SLOTS 784 /* one MNIST image, the example everybody knows */

static const char doc[] =
    "Descriptions of benches, simulated or real: one YAML file each.\v"
    "  oac rig list        the rigs that come with oac\n"
    "  oac rig check FILE  errors, warnings, and what its light is worth on\n"
    "                      paper: the power budget, and one readout in\n"
    "                      electrons and volts\n"
    "  oac rig show NAME   the complete file, every key with unit and meaning:\n"
    "                      redirect it to start a rig of your own\n"
    "  oac rig reference   all keys with range and default, in Markdown\n"
    "\n"
    "Where a FILE is asked for, the NAME of a shipped rig will do too.\n"
    "\n"
    "Examples:\n"
    "  oac rig check netcast-86km --set slot_rate_hz=1e9\n"
    "  oac rig show netcast-86km > mine.yaml && oac rig check ./mine.yaml\n";

enum { KEY_SET = 0x100 };

static const struct argp_option options[] = {
    {"set", KEY_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 0},
    {0},
};

enum action { LIST, CHECK, SHOW, REFERENCE, NO_ACTION };

struct input {
    enum action action;
    const char *rig;
    struct oac_cli_list sets;
};

static void check_input(const struct argp_state *state, const struct input *input)
{
    bool needs_rig = input->action == CHECK || input->action == SHOW;
    if (input->action == NO_ACTION)
        argp_error(state, "what? list, check FILE, show NAME or reference");
    if (needs_rig && !input->rig)
        argp_error(state, "which rig? A file, or a name of oac rig list");
    if (!needs_rig && (input->rig || input->sets.count > 0))
        argp_error(state, "list and reference take neither a rig nor --set");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    static const char *const actions[] = {"list", "check", "show", "reference", NULL};
    switch (key) {
    case KEY_SET:
        oac_cli_append(state, &input->sets, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            input->action = (enum action)oac_cli_choice(state, "ACTION", arg, actions);
        else if (state->arg_num == 1)
            input->rig = arg;
        else
            return ARGP_ERR_UNKNOWN;
        return 0;
    case ARGP_KEY_END:
        check_input(state, input);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void list_one(void *context, const char *name, const char *path)
{
    struct oac_rig rig;
    struct oac_err err;
    (void)context;
    if (oac_rig_read(path, NULL, 0, &rig, NULL, &err) == OAC_OK)
        printf("%-16s %s\n", name, rig.description);
    else
        printf("%-16s (%s)\n", name, err.message);
}

static void warn(void *context, const char *line)
{
    oac_log(context, OAC_LOG_WARNING, "%s", line);
}

static void print_path(const struct oac_rig *rig, const struct oac_link_budget *b)
{
    printf("Light of one wavelength, every modulator open\n");
    printf("  laser              %8.2f dBm\n", b->laser_dbm);
    printf("  weight modulator   %8.2f dB\n", 0.0 - b->weight_il_db);
    printf("  fiber              %8.2f dB    %s, attenuator included\n", 0.0 - b->fiber_loss_db,
           oac_format_si(rig->fiber.length_m, "m").text);
    if (b->amplifier_gain_db > 0.0)
        printf("  amplifier          %+8.2f dB    %s the client\n", b->amplifier_gain_db,
               rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT ? "before" : "after");
    printf("  client modulator   %8.2f dB\n", 0.0 - b->client_il_db);
    printf("  demultiplexer      %8.2f dB\n", 0.0 - b->demux_il_db);
    printf("  at the detector    %8.2f dBm   %s\n", b->detector_dbm,
           oac_format_si(b->detector_w, "W").text);
    printf("  travel time        %s; from first to last wavelength %s%s\n",
           oac_format_si(b->latency_s, "s").text, oac_format_si(b->walkoff_s, "s").text,
           rig->fiber.precompensate ? ", compensated by the server" : "");
    if (isfinite(b->fading_null_hz))
        printf("  dispersion null    %s of modulation\n",
               oac_format_si(b->fading_null_hz, "Hz").text);
}

static void print_readout(const struct oac_rig *rig, const struct oac_link_budget *b)
{
    bool counts = rig->receiver.kind == OAC_RECEIVER_COUNTER;
    printf("\nOne slot of %s\n", oac_format_si(b->slot_s, "s").text);
    printf("  photons            %s at the detector\n",
           oac_format_number(b->photons_per_slot).text);
    printf("  electrons          %s, and %s of dark current\n",
           oac_format_number(b->electrons_per_slot).text,
           oac_format_number(b->dark_electrons_per_slot).text);
    printf("\nOne readout: %zu slots, w = x = 1, %s\n", b->slots,
           oac_format_si(b->window_s, "s").text);
    if (counts)
        printf("  counts             %s of at most %s\n", oac_format_number(b->readout_v).text,
               oac_format_number(b->adc_max_v).text);
    else {
        printf("  receiver           %s", oac_format_si(b->readout_v, "V").text);
        if (isfinite(b->saturation_v))
            printf(", saturates at %s", oac_format_si(b->saturation_v, "V").text);
        printf("\n  ADC                %s to %s, a step is %s electrons\n",
               oac_format_si(b->adc_min_v, "V").text, oac_format_si(b->adc_max_v, "V").text,
               oac_format_number(b->adc_step_electrons).text);
    }
    if (b->mean_product_max < 1.0)
        printf("  range              full when the mean of w x is %s\n",
               oac_format_number(b->mean_product_max).text);
    printf("  signal             %s electrons\n",
           oac_format_number(b->signal_electrons * rig->detector.gain).text);
    printf("  shot noise         %s electrons rms\n",
           oac_format_number(b->shot_electrons).text);
    printf("  laser noise (RIN)  %s\n", oac_format_number(b->rin_electrons).text);
    printf("  thermal noise      %s\n", oac_format_number(b->thermal_electrons).text);
    printf("  read noise         %s\n", oac_format_number(b->read_electrons).text);
}

static void check(const struct oac_cli *cli, const struct oac_rig *rig)
{
    struct oac_link_budget budget = oac_link_budget(rig, WINDOW_SLOTS);
    printf("%s: %s\n", rig->name, rig->description);
    printf("%lld wavelength%s, %s slots\n\n", (long long)rig->channels,
           rig->channels == 1 ? "" : "s", oac_format_si(rig->slot_rate_hz, "Bd").text);
    print_path(rig, &budget);
    print_readout(rig, &budget);
    fflush(stdout); /* so that warnings come last on a terminal */
    oac_rig_warnings(rig, warn, (void *)cli->sink);
}

static enum oac_status print_reference(struct oac_err *err)
{
    fputs("# Rig reference\n\n"
          "Every key of a rig file. Written by `oac rig reference` from the table that also "
          "parses\n"
          "the files (sim/rig_table.c); `oac rig show NAME` prints a complete example.\n\n",
          stdout);
    return oac_config_reference(&oac_rig_table, stdout, err);
}

static enum oac_status act(const struct oac_cli *cli, const struct input *input,
                           struct oac_err *err)
{
    struct oac_rig rig;
    if (input->action == LIST)
        return oac_rig_list(list_one, NULL, err);
    if (input->action == REFERENCE)
        return print_reference(err);
    if (oac_rig_read(input->rig, input->sets.item, input->sets.count, &rig, NULL, err) !=
        OAC_OK)
        return err->status;
    if (input->action == SHOW)
        return oac_config_write(&oac_rig_table, &rig, 1, stdout, err);
    check(cli, &rig);
    return OAC_OK;
}

int oac_cmd_rig(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "list\ncheck FILE\nshow NAME\nreference",
        .doc = doc,
    };
    struct input input = {.action = NO_ACTION};
    struct oac_err err;
    oac_cli_parse(cli, &argp, argc, argv, &input);
    return act(cli, &input, &err) == OAC_OK ? 0 : oac_cli_fail(cli, &err);
}
