"""The operator's own ways out: certificates to trust, a proxy to go through."""

import asyncio
import ssl
from pathlib import Path

import pytest
from yarl import URL

from rpc_moodle.moodle import Http, MoodleClient, errors
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.transport.guard import Guard


async def test_a_self_signed_certificate_is_trusted_from_a_file_and_still_held_to_its_name(tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    async with Sandbox() as sandbox:
        url = await sandbox.listen_untrusted()
        file.write_text(await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", int(url.rpartition(":")[2]))))
        for ca_file, problem in ((None, "is self-signed"), (file, "is for another name")):
            async with (
                Http(ca_file=ca_file) as http,
                MoodleClient(url, sandbox.token("teacher_full"), http=http) as moodle,
            ):
                with pytest.raises(errors.Untrusted, match=problem):
                    await moodle.call("core_webservice_get_site_info")


async def test_all_sites_are_called_through_the_proxy_which_may_have_a_private_address() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    proxy = URL(f"http://localhost:{server.sockets[0].getsockname()[1]}")
    async with (
        server,
        Http(proxy=proxy, guard=Guard(private=False)) as http,
        MoodleClient("http://moodle.example.edu", "0123456789abcdef", http=http) as moodle,
    ):
        assert await moodle.call("core_course_get_contents") == []
    assert asked == [b"POST http://moodle.example.edu/webservice/rest/server.php HTTP/1.1\r\n"]
