/** Whole tasks, for `copse doc container_service`. */
export const examples: readonly string[] = [
  `- name: the web server runs, by digest
  container_service:
    name: web
    image: quay.io/org/web@sha256:3a0d60270bd538a24f21d410bc98c5cbe37764d53aa359f615f5d77a5ea44571
    ports: ["8080:80"]
    mounts:
      - /srv/web:/usr/share/nginx/html:ro
      - {source: /var/log/web, target: /var/log/nginx, create: folder, relabel: private}
    secrets:
      - {name: tls.key, value: '\${{ tls_key }}'}
      - {name: db, value: '\${{ db_password }}', env: DB_PASSWORD}
    health: {command: curl -fs http://127.0.0.1/healthz, interval: 10s}
    drop_capabilities: [ALL]
    capabilities: [NET_BIND_SERVICE]`,
  `- name: the image of sssd is there, so that its labels can be read
  container_service: {name: sssd, image: "docker.io/fedora/sssd:latest", state: pulled}
- name: the host is enrolled by INSTALL and sssd runs as RUN says
  container_service:
    name: sssd
    image: docker.io/fedora/sssd:latest
    setup:
      label: INSTALL
      args: [--domain, example.test]
      creates: [/etc/ipa/default.conf, /etc/krb5.keytab]
      secret: {value: '\${{ join_password }}', file: /etc/sssd/realm-join-password}
    run_label: RUN
    create_folders: true
- name: sssd leaves the domain and is gone
  container_service:
    name: sssd
    image: docker.io/fedora/sssd:latest
    state: absent
    uninstall: {label: UNINSTALL}`,
  `- name: the same without labels, taking over from the native service
  container_service:
    name: sssd
    image: docker.io/fedora/sssd:latest
    migrate: sssd.service
    setup:
      command: [ipa-client-install, -U, --no-ntp]
      host_data: [/etc/ipa, /etc/krb5.conf, /etc/krb5.keytab, /etc/sssd, /var/lib/sss]
      creates: [/etc/ipa/default.conf]
      secret: {value: '\${{ join_password }}'}
    command: [/bin/run.sh]
    privileged: true
    network: host
    create_folders: true
    mounts:
      - /etc/ipa/:/etc/ipa/:ro
      - /etc/krb5.keytab:/etc/krb5.keytab:ro
      - /etc/passwd:/etc/passwd.host:ro
      - /var/lib/sss/
      - /run/dbus/system_bus_socket`,
  `- name: it is gone, with its data
  container_service: {name: db, image: "quay.io/org/db:16", state: absent, mounts: ["db-data:/var/lib/db"], remove_volumes: true}
  allow_destroy: [db-data]`,
  '- container_service: {name: etcd, image: "registry.fedoraproject.org/f28/etcd", storage: ostree, settings: {ETCD_NAME: node1}}',
];
