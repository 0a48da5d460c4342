# SPDX-License-Identifier: BSD-2-Clause
"""Real MTAs that send mail to the MTA under test, and try again at once."""

import glob
import os
import re
import subprocess

import lab
import postfix
import sendmail
import smtp

ADDRESS = "127.0.0.7"
POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = %(dir)s/queue
data_directory = %(dir)s/data
maillog_file = %(dir)s/maillog
maillog_file_prefixes = %(dir)s
myhostname = out.client.example
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
smtp_bind_address = 192.0.2.66
inet_protocols = %(protocols)s
default_transport = smtp:[%(mta)s]:25
smtpd_relay_restrictions = permit_mynetworks, reject
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
"""


class Postfix(postfix.Mta):
    """It tries again once a second."""

    def __init__(self, laboratory, receiver):
        super().__init__(laboratory, "", [ADDRESS], "postfix-to-" + receiver)

    @staticmethod
    def config():
        """Neither a filter nor the ports for proxies."""
        master = postfix.MASTER[postfix.MASTER.index("smtpd     pass"):]
        # A message whose delivery agent still has it open goes to the incoming
        # queue, which is looked at when qmgr(8) is woken up.
        return POSTFIX_MAIN, "%(listen)s\n" + re.sub(
            r"(?m)^(qmgr .*) 300 ", r"\1 1 ", master)

    def retry(self):
        """It does so by itself."""

    def queued(self):
        """Returns the files of messages that are not finished."""
        return [x for queue in ("incoming", "active", "deferred")
                for x in glob.glob("%s/queue/%s/**" % (self.dir, queue),
                                   recursive=True) if os.path.isfile(x)]


class Sendmail(sendmail.Mta):
    """It tries again when it is told to."""

    def __init__(self, laboratory, receiver):
        super().__init__(laboratory, "", [ADDRESS], "sendmail-to-" + receiver)

    @staticmethod
    def config():
        """No filter, and everything goes to the MTA under test."""
        text = sendmail.CONFIG.replace("relay:[127.0.0.1]",
                                       "relay:[%s]" % lab.MTA_4)
        text = text.replace("TCP $h 2525", "TCP $h 25")
        # otherwise it believes that it talks to itself
        text = text.replace("mx.gateway.example", "out.client.example")
        begin = text.index("INPUT_MAIL_FILTER")
        return text[:begin] + text[text.index("MAILER(", begin):]

    def retry(self):
        """Runs the queue once."""
        subprocess.run(
            [os.path.join(sendmail.root(), sendmail.BINARY), "-q",
             "-C" + self.dir + "/sendmail.cf"],
            capture_output=True, check=False, timeout=20)

    def queued(self):
        """Returns the files of messages that are not finished."""
        return glob.glob(self.dir + "/queue/[qd]f*")


def senders(laboratory, receiver):
    """Returns the MTAs that can be tested here; receiver: a name."""
    return [make(laboratory, receiver) for module, make in
            ((postfix, Postfix), (sendmail, Sendmail)) if not module.missing()]


def greets():
    """True if it is listening."""
    try:
        with smtp.Client(ADDRESS, greet=False):
            return True
    except OSError:
        return False
