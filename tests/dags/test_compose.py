"""docker-compose.yml against the compose specification and against what we promise of it; no Docker is needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((Path(__file__).parent / "compose" / "compose-spec.json").read_text())
AIRFLOW = ("init", "api-server", "scheduler", "dag-processor", "triggerer")


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())


def test_it_is_a_compose_file(compose: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(compose)


@pytest.mark.parametrize(
    ("service", "key", "value"),
    [("scheduler", "helthcheck", {}), ("postgres", "image", 15), ("init", "depends_on", {"postgres": "healthy"})],
)
def test_the_schema_refuses_what_is_none(service: str, key: str, value: Any, compose: Any) -> None:
    compose["services"][service][key] = value

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(compose)


def test_airflows_services_wait_for_a_migrated_database(compose: Any) -> None:
    services = compose["services"]

    assert set(services) == {"postgres", *AIRFLOW}
    assert services["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in AIRFLOW[1:]:
        assert services[name]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}
        assert "healthcheck" in services[name]


def test_no_secret_has_a_default(compose: Any) -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text()
    example = dict(
        line.split("=", 1) for line in (REPOSITORY / ".env.example").read_text().splitlines() if re.match(r"\w+=", line)
    )

    secrets = {"POSTGRES_PASSWORD", "AFTERGLOW_JWT_SECRET", "AFTERGLOW_API_SECRET", "AFTERGLOW_FERNET_KEY"}

    assert {name: example[name] for name in secrets} == dict.fromkeys(secrets, "")
    assert set(re.findall(r"\$\{(\w+):\?", text)) == secrets
    optional = {"AFTERGLOW_PARALLELISM", "AFTERGLOW_BASE_URL", "AFTERGLOW_AUTH_MANAGER"}
    assert set(re.findall(r"\$\{(\w+)", text)) <= {*example, *optional}
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_nothing_is_reachable_from_other_machines(compose: Any) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_only_the_scheduler_writes_studies(compose: Any) -> None:
    mounts = {
        name: [volume.rsplit("/studies", 1)[1] for volume in service.get("volumes", []) if "/studies" in volume]
        for name, service in compose["services"].items()
    }

    assert {name: modes for name, modes in mounts.items() if modes} == {"scheduler": [""], "dag-processor": [":ro"]}


def test_the_image_holds_no_study_and_no_secret() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)

    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == {name for line in copied for name in line.split()}
    assert "studies" not in {line[1:] for line in ignored}
