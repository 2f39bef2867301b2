"""labgrid: a board of a plumb-server as a resource, and a driver that runs models on it."""

import attr
import plumbline
from labgrid.driver import Driver
from labgrid.factory import target_factory
from labgrid.resource import Resource
from labgrid.step import step


@target_factory.reg_resource
@attr.s(eq=False)
class PlumbBoard(Resource):
    """Where the server is and which board.

    server      "host:port" or "unix:/path"
    board       the board's name, or a list of tags that it must all have
    token_file  "" or a file with a token; ca, cert, key: "" or PEM files of TLS
    wait        seconds to wait for a board that is free
    """

    server = attr.ib(validator=attr.validators.instance_of(str))
    board = attr.ib(validator=attr.validators.instance_of((str, list)))
    token_file = attr.ib(default="", validator=attr.validators.instance_of(str))
    ca = attr.ib(default="", validator=attr.validators.instance_of(str))
    cert = attr.ib(default="", validator=attr.validators.instance_of(str))
    key = attr.ib(default="", validator=attr.validators.instance_of(str))
    wait = attr.ib(default=0.0, converter=float)


@target_factory.reg_driver
@attr.s(eq=False)
class PlumbBoardDriver(Driver):
    """Reserves the board while it is active: nobody else's run is started on it."""

    bindings = {"resource": PlumbBoard}

    def __attrs_post_init__(self):
        super().__attrs_post_init__()
        self._client = None
        self._board = None

    def on_activate(self):
        resource = self.resource
        self._client = plumbline.connect(
            resource.server, token_file=resource.token_file, ca=resource.ca, cert=resource.cert, key=resource.key
        )
        try:
            self._board = self._client.reserve(resource.board, note="labgrid", wait=resource.wait)
        except BaseException:
            self._client.close()
            raise

    def on_deactivate(self):
        try:
            self._board.release()
        finally:
            self._client.close()

    @Driver.check_active
    @step(args=["model", "inputs"], result=True)
    def run(self, model, inputs, **options):
        """The `plumbline.Report` of a run, whatever its verdict."""
        return self._board.run(model, inputs, **options)

    @Driver.check_active
    @step(args=["model", "inputs"])
    def assert_matches(self, model, inputs, **options):
        """The report of a run that matched; `plumbline.Mismatch`, an AssertionError, otherwise."""
        return self._board.assert_matches(model, inputs, **options)
