//! .NET's binary serialization (MS-NRBF), as far as Exchange's certificates use it.

/// How many classes may stand inside each other.
const MAXIMUM_DEPTH: usize = 32;
/// How many objects a stream may hold: a certificate has about ten, and they are searched one by one.
const MAXIMUM_OBJECTS: usize = 512;

/// Why bytes are no such serialization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) byte: usize,
    pub(super) expected: &'static str,
}

/// A stream that was read: its objects, by number.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    root: i32,
    classes: Vec<Class<'a>>,
    objects: Vec<(i32, Item<'a>)>,
}

/// A value of a member or an element.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Null,
    /// A boolean, or an integer of any size.
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A primitive that is nothing of these.
    Other,
    Reference(i32),
    Array(Vec<Item<'a>>),
    /// An object: its class, and the values of its members.
    Object(usize, Vec<Item<'a>>),
}

#[derive(Debug)]
struct Class<'a> {
    object: i32,
    members: Vec<(&'a str, Type)>,
}

#[derive(Clone, Copy, Debug)]
enum Type {
    Primitive(u8),
    /// A record follows.
    Record,
}

/// Reads a stream, signed or not.
pub(super) fn read(bytes: &[u8]) -> Result<Graph<'_>, Malformed> {
    let (bytes, offset) = unsigned(bytes)?;
    // Room for what a certificate has.
    let mut reader = Reader { bytes, at: 0, classes: Vec::with_capacity(8), objects: Vec::with_capacity(16) };
    let graph = reader.stream();
    let root = graph.map_err(|error| Malformed { byte: error.byte + offset, ..error })?;
    Ok(Graph { root, classes: reader.classes, objects: reader.objects })
}

/// The stream inside the wrapper that signed serialization puts around it, and where it begins.
fn unsigned(bytes: &[u8]) -> Result<(&[u8], usize), Malformed> {
    const MARK: &[u8] = b"#sig#";
    let Some(rest) = bytes.strip_prefix(MARK) else {
        return Ok((bytes, 0));
    };
    let start = MARK.len() + 4;
    let inner = rest.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        rest.get(..length)
    });
    let expected = "after #sig# a length that fits and as many bytes";
    inner.map(|inner| (inner, start)).ok_or(Malformed { byte: MARK.len(), expected })
}

impl<'a> Graph<'a> {
    /// A member of the object that the stream is about.
    pub(super) fn member(&self, name: &str) -> Option<&Item<'a>> {
        self.member_of(self.object(self.root)?, name)
    }

    /// A member of an object, with a reference followed.
    pub(super) fn member_of<'b>(&'b self, item: &'b Item<'a>, name: &str) -> Option<&'b Item<'a>> {
        let Item::Object(class, values) = self.resolve(item)? else { return None };
        let place = self.classes.get(*class)?.members.iter().position(|(member, _)| *member == name)?;
        self.resolve(values.get(place)?)
    }

    /// The integer of an enumeration.
    pub(super) fn enumeration(&self, name: &str) -> Option<i64> {
        match self.member_of(self.member(name)?, "value__")? {
            Item::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Calls this with every text below a member, each object looked into once.
    pub(super) fn each_text(&self, item: &Item<'a>, found: &mut dyn FnMut(&'a str)) {
        let mut open = vec![item];
        let mut followed = Vec::new();
        while let Some(item) = open.pop() {
            match item {
                Item::Text(text) => found(text),
                Item::Array(items) | Item::Object(_, items) => open.extend(items.iter().rev()),
                Item::Reference(object) if !followed.contains(object) => {
                    followed.push(*object);
                    open.extend(self.object(*object));
                }
                _ => {}
            }
        }
    }

    fn resolve<'b>(&'b self, item: &'b Item<'a>) -> Option<&'b Item<'a>> {
        match item {
            // An object is never a reference itself, so that one step is enough.
            Item::Reference(object) => self.object(*object),
            _ => Some(item),
        }
    }

    fn object(&self, number: i32) -> Option<&Item<'a>> {
        self.objects.iter().find_map(|(object, item)| (*object == number).then_some(item))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    classes: Vec<Class<'a>>,
    objects: Vec<(i32, Item<'a>)>,
}

/// What a record came to.
enum Record<'a> {
    Item(Item<'a>),
    /// So many nulls in one record.
    Nulls(usize),
    /// Something that is no value: a library.
    Aside,
    End,
}

impl<'a> Reader<'a> {
    fn stream(&mut self) -> Result<i32, Malformed> {
        let expected = "the header of a binary serialization";
        if self.byte(expected)? != 0 {
            return Err(Malformed { byte: 0, expected });
        }
        let root = self.i32(expected)?;
        self.take(12, expected)?;
        while !matches!(self.record(0)?, Record::End) {}
        Ok(root)
    }

    fn record(&mut self, depth: usize) -> Result<Record<'a>, Malformed> {
        let start = self.at;
        if depth > MAXIMUM_DEPTH {
            return Err(Malformed { byte: start, expected: "no deeper nesting" });
        }
        let item = match self.byte("a record")? {
            1 => {
                let object = self.i32("an object's number")?;
                let like = self.i32("the number of an object of the same class")?;
                let class = self.classes.iter().position(|class| class.object == like);
                let class =
                    class.ok_or(Malformed { byte: start, expected: "an object of a class that came before" })?;
                self.values(object, class, depth)?
            }
            record @ (4 | 5) => {
                let object = self.i32("an object's number")?;
                let class = self.class(object, record == 5)?;
                self.values(object, class, depth)?
            }
            6 => {
                let object = self.i32("an object's number")?;
                let text = self.text()?;
                self.keep(object, Item::Text(text))?
            }
            7 => self.array(depth)?,
            9 => Item::Reference(self.i32("a reference")?),
            10 => Item::Null,
            11 => return Ok(Record::End),
            12 => {
                self.i32("a library's number")?;
                self.name()?;
                return Ok(Record::Aside);
            }
            13 => return Ok(Record::Nulls(self.byte("a number of nulls")?.into())),
            14 => return Ok(Record::Nulls(self.length("a number of nulls")?)),
            15 => {
                let object = self.i32("an object's number")?;
                let length = self.length("the length of an array")?;
                let item = self.primitives(length)?;
                self.keep(object, item)?
            }
            17 => {
                let object = self.i32("an object's number")?;
                let length = self.length("the length of an array")?;
                let items = self.elements(length, Type::Record, depth)?;
                self.keep(object, Item::Array(items))?
            }
            _ => return Err(Malformed { byte: start, expected: "a record of a type that Exchange writes" }),
        };
        Ok(Record::Item(item))
    }

    /// A value where a record stands for one; libraries may come before it.
    fn value(&mut self, depth: usize) -> Result<Item<'a>, Malformed> {
        loop {
            let start = self.at;
            match self.record(depth + 1)? {
                Record::Item(item) => return Ok(item),
                Record::Nulls(1) => return Ok(Item::Null),
                Record::Aside => {}
                Record::Nulls(_) | Record::End => return Err(Malformed { byte: start, expected: "one value" }),
            }
        }
    }

    fn class(&mut self, object: i32, has_library: bool) -> Result<usize, Malformed> {
        self.name()?;
        let count = self.length("a number of members")?;
        // Each member takes at least a length and a type, so that this bounds what is allocated.
        if count > self.left() / 2 {
            return Err(self.malformed("no more members than there are bytes"));
        }
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            members.push((self.text()?, Type::Record));
        }
        let types = self.take(count, "the types of the members")?;
        for ((_, of), kind) in members.iter_mut().zip(types) {
            *of = self.member_type(*kind)?;
        }
        if has_library {
            self.i32("a library's number")?;
        }
        self.classes.push(Class { object, members });
        Ok(self.classes.len() - 1)
    }

    fn member_type(&mut self, kind: u8) -> Result<Type, Malformed> {
        match kind {
            0 => return Ok(Type::Primitive(self.byte("a primitive type")?)),
            1 | 2 | 5 | 6 => {}
            3 => {
                self.name()?;
            }
            4 => {
                self.name()?;
                self.i32("a library's number")?;
            }
            7 => {
                self.byte("a primitive type")?;
            }
            _ => return Err(self.malformed("a type of member")),
        }
        Ok(Type::Record)
    }

    fn values(&mut self, object: i32, class: usize, depth: usize) -> Result<Item<'a>, Malformed> {
        let mut values = Vec::with_capacity(self.classes.get(class).map_or(0, |class| class.members.len().min(16)));
        let mut index = 0;
        while let Some((_, kind)) = self.classes.get(class).and_then(|class| class.members.get(index)) {
            let value = match *kind {
                Type::Primitive(primitive) => self.primitive(primitive)?,
                Type::Record => self.value(depth)?,
            };
            values.push(value);
            index += 1;
        }
        self.keep(object, Item::Object(class, values))
    }

    fn array(&mut self, depth: usize) -> Result<Item<'a>, Malformed> {
        let object = self.i32("an object's number")?;
        let shape = self.byte("the shape of an array")?;
        let rank = self.length("the rank of an array")?;
        if shape > 5 || rank == 0 || rank > 32 {
            return Err(self.malformed("an array of a known shape and of 1 to 32 dimensions"));
        }
        let mut length = 1_usize;
        for _ in 0..rank {
            length = length.saturating_mul(self.length("the length of an array")?);
        }
        if shape >= 3 {
            self.take(rank * 4, "the bounds of an array")?;
        }
        let kind = self.byte("the type of the elements")?;
        let item = match self.member_type(kind)? {
            Type::Primitive(primitive) => Item::Array(self.elements(length, Type::Primitive(primitive), depth)?),
            Type::Record => Item::Array(self.elements(length, Type::Record, depth)?),
        };
        self.keep(object, item)
    }

    /// The elements of an array but for nulls, which take no bytes of their own and could be billions.
    fn elements(&mut self, length: usize, kind: Type, depth: usize) -> Result<Vec<Item<'a>>, Malformed> {
        let mut items = Vec::new();
        let mut left = length;
        while left > 0 {
            let start = self.at;
            let taken = match kind {
                // An array of nulls by type would take no bytes.
                Type::Primitive(17) => return Err(self.malformed("elements of a type that has values")),
                Type::Primitive(primitive) => {
                    items.push(self.primitive(primitive)?);
                    1
                }
                Type::Record => match self.record(depth + 1)? {
                    Record::Item(Item::Null) => 1,
                    Record::Item(item) => {
                        items.push(item);
                        1
                    }
                    Record::Nulls(count) => count,
                    Record::Aside => 0,
                    Record::End => return Err(Malformed { byte: start, expected: "an element of the array" }),
                },
            };
            left = left
                .checked_sub(taken)
                .ok_or(Malformed { byte: start, expected: "no more elements than the array has" })?;
        }
        Ok(items)
    }

    fn primitives(&mut self, length: usize) -> Result<Item<'a>, Malformed> {
        let primitive = self.byte("a primitive type")?;
        if primitive == 2 {
            return Ok(Item::Bytes(self.take(length, "as many bytes as the array has")?));
        }
        let size = size_of_primitive(primitive).ok_or_else(|| self.malformed("a primitive type of a known size"))?;
        self.take(length.saturating_mul(size), "as many elements as the array has")?;
        Ok(Item::Other)
    }

    fn primitive(&mut self, primitive: u8) -> Result<Item<'a>, Malformed> {
        if primitive == 17 {
            return Ok(Item::Null);
        }
        if matches!(primitive, 5 | 18) {
            return Ok(Item::Text(self.text()?));
        }
        let size = size_of_primitive(primitive).ok_or_else(|| self.malformed("a primitive type of a known size"))?;
        let bytes = self.take(size, "a primitive value")?;
        let unsigned = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let shift = u32::try_from(64 - size * 8).unwrap_or(0);
        Ok(match primitive {
            // The shifts carry the sign of a shorter integer upwards.
            7..=10 => Item::Number((unsigned.cast_signed() << shift) >> shift),
            1 | 2 | 14..=16 => i64::try_from(unsigned).map_or(Item::Other, Item::Number),
            _ => Item::Other,
        })
    }

    fn keep(&mut self, object: i32, item: Item<'a>) -> Result<Item<'a>, Malformed> {
        if self.objects.len() >= MAXIMUM_OBJECTS {
            return Err(self.malformed("no more than 512 objects"));
        }
        self.objects.push((object, item));
        Ok(Item::Reference(object))
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        let bytes = self.name()?;
        std::str::from_utf8(bytes).map_err(|_| Malformed { byte: start, expected: "a text of UTF-8" })
    }

    /// The bytes of a text with its length before it, seven bits a byte.
    fn name(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let expected = "a text with its length before it";
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte(expected)?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return self.take(length, expected);
            }
        }
        Err(Malformed { byte: start, expected })
    }

    fn length(&mut self, expected: &'static str) -> Result<usize, Malformed> {
        let start = self.at;
        usize::try_from(self.i32(expected)?).map_err(|_| Malformed { byte: start, expected })
    }

    fn i32(&mut self, expected: &'static str) -> Result<i32, Malformed> {
        let start = self.at;
        let bytes = self.take(4, expected)?.try_into().map_err(|_| Malformed { byte: start, expected })?;
        Ok(i32::from_le_bytes(bytes))
    }

    fn byte(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        self.take(1, expected)?.first().copied().ok_or_else(|| self.malformed(expected))
    }

    fn take(&mut self, length: usize, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| self.malformed(expected))?;
        self.at += length;
        Ok(taken)
    }

    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { byte: self.at, expected }
    }
}

/// The bytes of a primitive; nothing for those whose size varies.
fn size_of_primitive(primitive: u8) -> Option<usize> {
    Some(match primitive {
        1 | 2 | 10 => 1,
        7 | 14 => 2,
        8 | 11 | 15 => 4,
        6 | 9 | 12 | 13 | 16 => 8,
        _ => return None,
    })
}
