//! What an admin and a client do in that world.

use serde_json::{Value, json};
use smcp_crypto::SigningKey;
use smcp_package::{Manifest, embed_manifest, sign};

use super::{ADMIN, Outcome, World};

impl World {
    /// What an object has for the platform's log, taken out.
    pub fn lines(&mut self, object: &str) -> String {
        self.engine(object).take_lines()
    }

    /// Whether it has counted what is not stored, and what.
    pub fn has_usage(&mut self, object: &str) -> bool {
        self.engine(object).has_usage()
    }

    pub fn counted(&mut self, object: &str) -> Vec<u8> {
        self.engine(object).usage()
    }

    pub fn admin(&mut self, method: &str, path: &str, body: Value) -> Outcome {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.admin_bytes(method, path, body)
    }

    pub fn admin_bytes(&mut self, method: &str, path: &str, body: Vec<u8>) -> Outcome {
        let full = format!("/admin/v1{path}");
        let frame = self.frame(method, &full, ADMIN, body);
        let mut parts = path
            .trim_start_matches("/tenants")
            .trim_start_matches('/')
            .split('/');
        let tenant = parts.next().unwrap_or_default();
        let tenant = tenant.split('?').next().unwrap_or_default();
        let of_platform = tenant.is_empty() || !path.starts_with("/tenants");
        let to_platform =
            of_platform || (matches!(method, "DELETE" | "PUT") && parts.next().is_none());
        let object = if to_platform {
            "platform".to_owned()
        } else {
            format!("tenant:{tenant}")
        };
        self.send(&object, frame)
    }

    /// A tenant with one trusted publisher, one server and one key: the key.
    pub fn acme(&mut self, wat: &str) -> String {
        assert_eq!(
            self.admin("POST", "/tenants", json!({"tenant": "acme"}))
                .status(),
            201
        );
        let key = publisher().public().to_string();
        assert_eq!(
            self.admin("POST", "/tenants/acme/publishers", json!({"key": key}))
                .status(),
            201
        );
        let published = self.admin_bytes(
            "POST",
            "/tenants/acme/servers/hello/releases",
            package(wat, "1.0.0"),
        );
        assert_eq!(published.status(), 201, "{}", published.text());
        self.key("acme", json!({"name": "test"}))
    }

    /// Publishes another release of the server that [`World::acme`] made.
    pub fn publish(&mut self, wat: &str, version: &str) {
        let path = "/tenants/acme/servers/hello/releases";
        let published = self.admin_bytes("POST", path, package(wat, version));
        assert_eq!(published.status(), 201, "{}", published.text());
    }

    /// Deletes the releases of that server that were live and are not.
    pub fn delete_retired(&mut self) {
        let path = "/tenants/acme/servers/hello/releases";
        let list = self.admin("GET", path, Value::Null).json();
        for row in list["releases"].as_array().unwrap() {
            if row["state"] == "retired" {
                let of = format!("{path}/{}", row["release"].as_str().unwrap());
                assert_eq!(self.admin("DELETE", &of, Value::Null).status(), 200);
            }
        }
    }

    pub fn key(&mut self, tenant: &str, body: Value) -> String {
        let created = self.admin("POST", &format!("/tenants/{tenant}/keys"), body);
        assert_eq!(created.status(), 201, "{}", created.text());
        created.json()["key"].as_str().unwrap().to_owned()
    }

    pub fn call(&mut self, key: &str, message: &Value) -> Outcome {
        self.call_at("/t/acme/hello/mcp", key, message)
    }

    pub fn call_at(&mut self, path: &str, key: &str, message: &Value) -> Outcome {
        let frame = self.frame("POST", path, key, message.to_string().into_bytes());
        self.send("tenant:acme", frame)
    }
}

/// The publisher of the tests.
pub fn publisher() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// A signed package of a guest in WAT; its catalogue is what its `describe` returns.
pub fn package(wat: &str, version: &str) -> Vec<u8> {
    package_as(wat, version, &catalogue(wat), &publisher())
}

pub fn package_as(wat: &str, version: &str, catalogue: &str, key: &SigningKey) -> Vec<u8> {
    let module = wat::parse_str(wat).unwrap();
    let capabilities = smcp_package::capabilities(&module).unwrap();
    let manifest =
        Manifest::new("hello".parse().unwrap(), version, catalogue, capabilities).unwrap();
    sign(&embed_manifest(&module, &manifest).unwrap(), &[key]).unwrap()
}

/// A guest in WAT with that catalogue, whose tools do that.
pub fn describing(catalogue: &str, call: &str) -> String {
    let greet = include_str!("../../../../../tests/guests/greet.wat");
    let text = catalogue.replace('\\', "\\\\").replace('"', "\\\"");
    let start = greet.find("(data (i32.const 64)").unwrap();
    let end = start + greet[start..].find('\n').unwrap();
    let (before, after) = (&greet[..start], &greet[end..]);
    let data = format!("(data (i32.const 20000) \"{text}\")");
    let length = format!("(i32.const {}))\n    (i32.const 16)", catalogue.len());
    format!("{before}{data}{after}")
        .replace(
            "(i32.const 16) (i32.const 64)",
            "(i32.const 16) (i32.const 20000)",
        )
        .replace("(i32.const 60))\n    (i32.const 16)", &length)
        .replace("(call $ok)))", &format!("{call}))"))
}

/// The text of the first data segment: where the WAT guests keep their catalogue.
pub fn catalogue(wat: &str) -> String {
    let start = wat.find("(data (i32.const 64) \"").unwrap() + 22;
    let end = start + wat[start..].find("\")").unwrap();
    wat[start..end].replace("\\\"", "\"")
}

/// A `tools/call` of the legacy era.
pub fn tool_call(id: u64, name: &str, arguments: Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    })
}
