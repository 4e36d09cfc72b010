/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/iio_options.h"

error_t oac_cli_iio_parse(int key, char *arg, struct argp_state *state, struct oac_cli_iio *iio)
{
    switch (key) {
    case ARGP_KEY_INIT:
        iio->timeout_s = 5.0;
        return 0;
    case OAC_CLI_IIO_URI:
        iio->uri = arg;
        return 0;
    case OAC_CLI_IIO_BOARD:
        iio->board = arg;
        return 0;
    case OAC_CLI_IIO_TIMEOUT:
        iio->timeout_s = oac_cli_real(state, "--timeout-s", arg, 0.01, 3600.0);
        return 0;
    case ARGP_KEY_END:
        if (!iio->uri)
            argp_error(state, "which bench? --uri ip:HOST, usb:, local: or xml:FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int oac_cli_iio_missing(const struct oac_cli *cli)
{
    struct oac_err err;
    oac_fail(&err, OAC_EUNSUPPORTED,
             "this oac was built without libiio 0.24 and cannot talk to hardware: install it "
             "(Debian: libiio-dev), then configure and build again");
    return oac_cli_fail(cli, &err);
}

#ifdef OAC_HAVE_LIBIIO
enum oac_status oac_cli_iio_open(const struct oac_cli_iio *iio,
                                 struct oac_iio_session **session, struct oac_board *board,
                                 struct oac_err *err)
{
    struct oac_iio_session *made = NULL;
    if (oac_probe_open(iio->uri, (unsigned)(1e3 * iio->timeout_s), &made, err))
        return err->status;
    if (oac_probe_board(made, iio->board, board, err)) {
        oac_iio_close(made);
        return err->status;
    }
    *session = made;
    return OAC_OK;
}
#endif
