"""One notice on every kind of channel at once: a mail server, a homeserver, a pager; and it is read at the other end."""

from __future__ import annotations

import secrets
from pathlib import Path

from activities.notifying import Notifying
from activities.rendering import Renderer
from firedoor.connectors.channels import build
from firedoor.embedded.homeserver import Homeserver
from firedoor.people.organization import Channel, Reach
from firedoor.plan import MessageRef
from firedoor.records.all import open_records
from tests.activities.notices import CRT, MAYOR, MONDAY, POLICE, notice, place
from tests.activities.orders import anyone
from tests.connectors.channel_kits import SECRET, SENDER, MatrixKit, Receiver
from tests.connectors.http_platform import Served
from tests.fixtures.smtp import SmtpServer
from tests.people.book import organization


async def test_a_notice_is_read_at_the_other_end(
    homeserver: Homeserver, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    kit = await MatrixKit.new(homeserver, shared=True)
    reader, mayor = await kit.recipient(), await kit.recipient()
    room = kit.channel.address(reader)
    desk_mail = f"desk-{secrets.token_hex(4)}@police.example"
    book = organization()
    chat = Channel(name="chat", connector="matrix", settings={"room": str(room)})
    police = book.contacts["police"].model_copy(update={"address": desk_mail})
    book = book.model_copy(
        update={
            "channels": {**book.channels, "chat": chat},
            "contacts": {**book.contacts, "police": police},
            "reach": Reach(by_severity={"sev1": ("page", "chat")}, users=("platform",), outside=("email",)),
        }
    )
    receiver, records = Receiver(), open_records(f"sqlite:///{tmp_path}/records.db", synchronous="OFF")
    with Served(receiver.app()) as served:
        environ = {
            "PAGER_URL": f"{served.url}/hooks/x",
            "WEBHOOK_SECRET": SECRET,
            "MATRIX_URL": homeserver.url,
            "MATRIX_TOKEN": await homeserver.register(f"bot-{secrets.token_hex(4)}", "a long password"),
            "SYNAPSE_URL": homeserver.url,
            "SYNAPSE_TOKEN": homeserver.admin_token,
            "SMTP_URL": f"smtp://127.0.0.1:{smtp_server.port}",
            "SMTP_SENDER": SENDER,
        }
        channels, wrong = build(book, environ)
        assert not wrong
        renderer = Renderer()
        notifying = Notifying(lambda: book, channels, records.deliveries, records.timeline, anyone, renderer)
        order = notice(
            CRT,
            POLICE,
            MAYOR.model_copy(update={"name": mayor.matrix}),
            texts=(),
            message=MessageRef(message="holding"),
            templates={"en": "{{ accounts | count }} accounts, @room", "de": "{{ accounts | count }} Konten"},
            context={"accounts": ["@a:x", "@b:x"]},
        )
        report = await place(MONDAY).run(notifying.notify, order)
        assert await place(MONDAY, attempt=2).run(notifying.notify, order) == report
        for channel in channels.values():
            await channel.close()
        await renderer.close()
    records.close()

    assert {one.state for one in report.deliveries} == {"sent"}
    assert sorted(body["data"]["recipient"] for body in receiver.taken.values()) == ["jonas", "niamh"]
    assert len(receiver.requests) == 2
    (mail,) = smtp_server.messages(desk_mail)
    assert mail.get_content().strip() == "2 Konten"
    in_room = {message.text.replace("\u2060", "") for message in await kit.arrived(reader)}
    assert in_room == {"Niamh: 2 accounts, @room", "Jonas: 2 Konten"}
    notices = [message.text for message in await kit.arrived(mayor) if "———" in message.text]
    assert notices == ["2 accounts, @room\n\n———\n\n2 Konten"]
    await kit.close()
