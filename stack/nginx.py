"""nginx in front, with deploy/nginx.conf as an operator would fill it in."""

from __future__ import annotations

import getpass
import os
import shutil
from pathlib import Path
from string import Template

OURS = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"
# Debian keeps it where only root's path leads.
SBIN = Path("/usr/sbin/nginx")
# What Debian has in /etc/nginx/nginx.conf. Its own user could not enter a folder that is closed to others.
MAIN = """\
daemon off;
{user}
worker_processes 2;
pid "{folder}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    include "{folder}/videolib.conf";
}}
"""


def find_binary() -> Path | None:
    """Where nginx is."""
    found = shutil.which("nginx") or (str(SBIN) if SBIN.exists() else None)
    return Path(found) if found else None


def configure(folder: Path, *, listen: str, web: str, media: Path) -> Path:
    """Write nginx's configuration for the three things that deploy/nginx.conf asks for."""
    filled = {"NGINX_LISTEN": listen, "VIDEOLIB_WEB": web, "VIDEOLIB_MEDIA": str(media)}
    (folder / "videolib.conf").write_text(Template(OURS.read_text()).safe_substitute(filled))
    main = folder / "nginx.conf"
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    main.write_text(MAIN.format(folder=folder, user=user))
    return main


def command(binary: Path, main: Path) -> tuple[str, ...]:
    """What starts it. Before it has read its configuration it would write to /var/log."""
    return (str(binary), "-c", str(main), "-e", "stderr")
