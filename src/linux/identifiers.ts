/** Domain strings that only their parsers make: a raw string cannot get to a command line as one of these. */
type Branded<B extends string> = string & { readonly __brand: B };

/** iSCSI qualified name (`iqn.`, `eui.`, `naa.`), lower case as RFC 3722 folds it. */
export type Iqn = Branded<'Iqn'>;

/** `address:port` in one spelling: IPv4 dotted; IPv6 compressed, lower case, in brackets; port always present. */
export type Portal = Branded<'Portal'>;

/** `host:channel:target:lun`, decimal. */
export type Hctl = Branded<'Hctl'>;

/** udev's and multipath's form of a logical unit's identity: type digit and value, such as `3600140...` (NAA). */
export type Wwid = Branded<'Wwid'>;
