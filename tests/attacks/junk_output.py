"""Prints terminal escapes, control characters, broken UTF-8 and what ends an XML section."""

import os

from attack_kit import zeros

JUNK = (
    b"\x1b[2J\x1b]0;title\x07\x1b]8;;http://a.invalid\x1b\\\x1bP$q\x1b\\\x9b31m\x00\x08\x7f\r\n"
    b"]]></failure></testcase><testcase name='won'/><!--"
    b"\xed\xa0\x80\xff\xfe\xe2\x80\xae\xef\xbf\xbf"
    b"\n<script>alert(1)</script>\n[bold red]rich[/bold red][/]\n"
)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    os.write(1, JUNK + bytes(range(256)))
    os.write(2, JUNK * 10)
    return zeros(init_state, input_data)
