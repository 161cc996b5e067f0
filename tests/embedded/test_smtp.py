"""The SMTP server of the tests is a real one: what is sent to it can be read from it."""

from email.message import EmailMessage

import aiosmtplib

from tests.fixtures.smtp import SmtpServer


async def test_mail_that_is_sent_arrives(smtp_server: SmtpServer) -> None:
    mail = EmailMessage()
    mail["From"] = "firedoor@example.test"
    mail["To"] = "legal@example.test"
    mail["Subject"] = "Une décision vous attend"
    mail.set_content("À signer avant 15:00.")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=smtp_server.port)
    received = await smtp_server.wait_for(lambda found: found["Subject"] == mail["Subject"], to="legal@example.test")
    assert received.get_content().strip() == "À signer avant 15:00."
    assert smtp_server.messages(to="policy@example.test") == []
